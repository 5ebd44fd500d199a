// UPnP: what is said to devices, and what is read of theirs: of real routers, and of whoever else answers.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { latin1, utf8 } from "../../../source/protocol/bencode.ts";
import {
  encodeAdd,
  encodeDelete,
  encodeSearch,
  parseDescription,
  parseFault,
  parseSearchAnswer,
} from "../../../source/protocol/port-mapping/upnp.ts";

const ROUTER = "192.168.1.1";
const PLACE = new URL(`http://${ROUTER}:5000/rootDesc.xml`);
const WAN_IP = "urn:schemas-upnp-org:service:WANIPConnection:1";
const WAN_PPP = "urn:schemas-upnp-org:service:WANPPPConnection:1";

test("devices are searched for so", () => {
  expect(latin1(encodeSearch())).toBe(
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n',
  );
});

const answerOf = (...lines: string[]) => utf8(["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n"));
const placeIn = (bytes: Uint8Array, host = ROUTER) => parseSearchAnswer(bytes, host)?.href;

test("the place of a description is read of an answer, whatever else stands in it", () => {
  const { href } = PLACE;
  expect(placeIn(answerOf("CACHE-CONTROL: max-age=120", "ST: upnp:rootdevice", `LOCATION: ${href}`, "EXT:"))).toBe(
    href,
  );
  expect(placeIn(answerOf(`location:${href}`))).toBe(href);
  expect(placeIn(utf8(`HTTP/1.0 200 OK\r\nLocation:  ${href} `))).toBe(href);
  expect(placeIn(answerOf("LOCATION: http://192.168.1.1/", "LOCATION: http://192.168.1.1:2/"))).toBe(
    "http://192.168.1.1/",
  );
});

test.for([
  ["of another machine", answerOf("LOCATION: http://192.168.1.2:5000/x")],
  ["of a name", answerOf("LOCATION: http://router.example/x")],
  ["of a public address", answerOf("LOCATION: http://8.8.8.8/x")],
  ["behind a user's name", answerOf("LOCATION: http://192.168.1.1@8.8.8.8/x")],
  ["that is no HTTP", answerOf("LOCATION: file://192.168.1.1/etc/passwd")],
  ["over TLS", answerOf("LOCATION: https://192.168.1.1/x")],
  ["that is no place", answerOf("LOCATION: http://[")],
  ["that is relative", answerOf("LOCATION: /x")],
  ["that is empty", answerOf("LOCATION:")],
  ["that is not said", answerOf("ST: upnp:rootdevice")],
  ["of an error", utf8(`HTTP/1.1 404 Not Found\r\nLOCATION: ${PLACE.href}\r\n\r\n`)],
  ["of an announcement", utf8(`NOTIFY * HTTP/1.1\r\nLOCATION: ${PLACE.href}\r\n\r\n`)],
  ["of somebody without end", answerOf(`LOCATION: ${PLACE.href}`, `X: ${"x".repeat(2_048)}`)],
  ["of nothing", new Uint8Array(0)],
] as const)("a place %s is none", ([, bytes]) => {
  expect(placeIn(bytes)).toBeUndefined();
});

const service = (type: string, control: string) =>
  `<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>`;
const servicesOf = (text: string) =>
  parseDescription(text, PLACE).map(({ type, control }) => [type, control.href] as const);

/** As miniupnpd describes itself. */
const MINIUPNPD = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/ctl/L3F</controlURL></service></serviceList>
<deviceList><device><deviceList><device><serviceList>
<service>
  <serviceType>${WAN_IP}</serviceType>
  <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
  <SCPDURL>/WANIPCn.xml</SCPDURL>
  <controlURL>/ctl/IPConn</controlURL>
</service>
</serviceList></device></deviceList></device></deviceList></device></root>`;

test("what forwards ports is found in a description", () => {
  expect(servicesOf(MINIUPNPD)).toEqual([[WAN_IP, "http://192.168.1.1:5000/ctl/IPConn"]]);
  const two = service(WAN_PPP, "http://192.168.1.1:49000/ppp") + service(WAN_IP, "ip?a=1&amp;b=2");
  expect(servicesOf(two)).toEqual([
    [WAN_PPP, "http://192.168.1.1:49000/ppp"],
    [WAN_IP, "http://192.168.1.1:5000/ip?a=1&b=2"],
  ]);
  expect(servicesOf(`<URLBase>http://192.168.1.1:80/base/</URLBase>${service(WAN_IP, "ip")}`)).toEqual([
    [WAN_IP, "http://192.168.1.1/base/ip"],
  ]);
});

test.for([
  ["another service", service("urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1", "/x")],
  ["a service of another version", service("urn:schemas-upnp-org:service:WANIPConnection:3", "/x")],
  ["a type with more behind it", service(`${WAN_IP}"><x`, "/x")],
  ["one at another machine", service(WAN_IP, "http://192.168.1.2/x")],
  ["one at another machine, without a scheme", service(WAN_IP, "//8.8.8.8/x")],
  ["one whose base is another machine", `<URLBase>http://8.8.8.8/</URLBase>${service(WAN_IP, "/x")}`],
  ["one that is no place", service(WAN_IP, "http://[")],
  ["one that is nowhere", `<service><serviceType>${WAN_IP}</serviceType></service>`],
  [
    "one whose place stands in the next",
    `<service><serviceType>${WAN_IP}</serviceType></service>${service("x", "/x")}`,
  ],
  ["one that does not end", `<service><serviceType>${WAN_IP}`],
  ["an answer that is no description", "<html><body>404</body></html>"],
] as const)("%s forwards nothing", ([, text]) => {
  expect(servicesOf(text)).toEqual([]);
});

test("of many services four are read, and hostile text takes no time", () => {
  expect(servicesOf(service(WAN_IP, "/x").repeat(100))).toHaveLength(4);
  const before = performance.now();
  for (const part of ["<service>", "<service><serviceType>", "<URLBase>", "<", "<service><controlURL></service>"]) {
    expect(servicesOf(part.repeat(65_536 / part.length))).toEqual([]);
  }
  expect(performance.now() - before).toBeLessThan(500);
});

test("a port is forwarded, and no longer, by these words", () => {
  const add = encodeAdd(WAN_IP, { protocol: "TCP", port: 6_881 }, "192.168.1.7", 7_200);
  expect(add.action).toBe(`"${WAN_IP}#AddPortMapping"`);
  expect(add.body.replaceAll("\r\n", "")).toBe(
    `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:AddPortMapping xmlns:u="${WAN_IP}"><NewRemoteHost></NewRemoteHost><NewExternalPort>6881</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>6881</NewInternalPort><NewInternalClient>192.168.1.7</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>sta TCP 6881</NewPortMappingDescription><NewLeaseDuration>7200</NewLeaseDuration></u:AddPortMapping></s:Body></s:Envelope>`,
  );
  const remove = encodeDelete(WAN_PPP, { protocol: "UDP", port: 7 });
  expect(remove.action).toBe(`"${WAN_PPP}#DeletePortMapping"`);
  expect(remove.body).toContain(
    `<u:DeletePortMapping xmlns:u="${WAN_PPP}"><NewRemoteHost></NewRemoteHost><NewExternalPort>7</NewExternalPort><NewProtocol>UDP</NewProtocol></u:DeletePortMapping>`,
  );
});

test("the number of a fault is read, and nothing else is one", () => {
  const fault = (code: string) => `<UPnPError><errorCode>${code}</errorCode><errorDescription>x</errorDescription>`;
  expect(parseFault(fault("718"))).toBe(718);
  expect(parseFault(fault(" 725 "))).toBe(725);
  for (const text of [fault("-1"), fault("7e2"), fault("99999"), fault(""), "<errorCode>718", "", "no"])
    expect(parseFault(text)).toBeUndefined();
});

test("any text is read, and what is found is at the router", () => {
  const words = ["<service>", "</service>", "<serviceType>", "</serviceType>", "<controlURL>", "</controlURL>", WAN_IP];
  const texts = fc.array(fc.oneof(fc.constantFrom(...words, "http://8.8.8.8/", "//a", "/x"), fc.string()), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join("");
      for (const { control } of parseDescription(text, PLACE)) expect(control.hostname).toBe(ROUTER);
      const place = parseSearchAnswer(utf8(`HTTP/1.1 200 OK\r\nlocation:${text}`), ROUTER);
      expect(place?.hostname ?? ROUTER).toBe(ROUTER);
      parseFault(text);
    }),
  );
});
