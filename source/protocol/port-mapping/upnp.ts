// UPnP: how an Internet gateway device is found, what it says of itself, and how it is asked to forward a port (UPnP Device Architecture 1.1;
// WANIPConnection:1, 2.4.16 and 2.4.18). What comes from it is scanned for the few words that matter, in time that grows with its length alone.
import { latin1, utf8 } from "../bencode.ts";
import type { WantedPort } from "./pcp.ts";

/** Where devices of a network hear (SSDP). */
export const SSDP_GROUP = { host: "239.255.255.250", port: 1_900 } as const;

/** Of an answer to a search; they have some 400 bytes. */
const MAX_ANSWER_BYTES = 2_048;

/** Of one description; real ones have two, for DSL and for Ethernet. */
const MAX_SERVICES = 4;

const SERVICE_TYPE = /^urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]$/;

/** It is in use by another machine (ConflictInMappingEntry), or is forwarded for ever or not at all (OnlyPermanentLeasesSupported). */
export const CONFLICT = 718;
export const ONLY_FOR_EVER = 725;

/** What of a device forwards ports. */
export interface ForwardingService {
  readonly type: string;
  readonly control: URL;
}

export interface ForwardingCall {
  /** The value of the header `SOAPAction`. */
  readonly action: string;
  readonly body: string;
}

/** Asks for all that forwards ports. A device of version 2 answers who looks for one of version 1. */
export function encodeSearch(): Uint8Array {
  const lines = [
    "M-SEARCH * HTTP/1.1",
    `HOST: ${SSDP_GROUP.host}:${SSDP_GROUP.port}`,
    'MAN: "ssdp:discover"',
    "MX: 2",
    "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  ];
  return utf8(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Where the description is of who answers a search from `host`; undefined when it is not there, over HTTP. */
export function parseSearchAnswer(bytes: Uint8Array, host: string): URL | undefined {
  if (bytes.length > MAX_ANSWER_BYTES) return undefined;
  const [first = "", ...lines] = latin1(bytes).split("\r\n");
  if (!/^HTTP\/1\.\d 200 /.test(first)) return undefined;
  const [, location] = lines.map((line) => /^location:(.*)$/i.exec(line)).find((match) => match !== null) ?? [];
  return placeOn(host, location?.trim() ?? "");
}

/** What forwards ports in a description that came from `place`, all of it at that host; at most 4. */
export function parseDescription(text: string, place: URL): ForwardingService[] {
  const base = textOf(text, "URLBase") || place.href;
  return text
    .split("<service>")
    .slice(1)
    .flatMap((service) => {
      const [own = ""] = service.split("</service>", 1);
      const type = textOf(own, "serviceType");
      const control = placeOn(place.hostname, textOf(own, "controlURL"), base);
      return SERVICE_TYPE.test(type) && control ? [{ type, control }] : [];
    })
    .slice(0, MAX_SERVICES);
}

/** Forwards that port to `client`, an IPv4 address, for so long; 0: for ever. */
export function encodeAdd(
  type: string,
  { protocol, port }: WantedPort,
  client: string,
  seconds: number,
): ForwardingCall {
  return call(type, "AddPortMapping", {
    NewRemoteHost: "",
    NewExternalPort: port,
    NewProtocol: protocol,
    NewInternalPort: port,
    NewInternalClient: client,
    NewEnabled: 1,
    NewPortMappingDescription: `sta ${protocol} ${port}`,
    NewLeaseDuration: seconds,
  });
}

/** Forwards it no longer. */
export function encodeDelete(type: string, { protocol, port }: WantedPort): ForwardingCall {
  return call(type, "DeletePortMapping", { NewRemoteHost: "", NewExternalPort: port, NewProtocol: protocol });
}

/** Why a call was refused; undefined: it does not say. */
export function parseFault(text: string): number | undefined {
  const code = textOf(text, "errorCode");
  return /^[0-9]{3}$/.test(code) ? Number(code) : undefined;
}

function call(type: string, name: string, values: Readonly<Record<string, string | number>>): ForwardingCall {
  const parts = Object.entries(values).map(([tag, value]) => `<${tag}>${value}</${tag}>`);
  const body = [
    '<?xml version="1.0"?>',
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">',
    `<s:Body><u:${name} xmlns:u="${type}">${parts.join("")}</u:${name}></s:Body></s:Envelope>`,
  ];
  return { action: `"${type}#${name}"`, body: body.join("\r\n") };
}

/** Nobody sends us to another machine. */
function placeOn(host: string, url: string, base?: string): URL | undefined {
  const place = url === "" ? null : URL.parse(url, base);
  return place?.protocol === "http:" && place.hostname === host ? place : undefined;
}

/** What stands in the first element of that name, which is none with parts or attributes; empty when there is none. */
function textOf(xml: string, tag: string): string {
  const at = xml.indexOf(`<${tag}>`);
  const end = at < 0 ? -1 : xml.indexOf(`</${tag}>`, at);
  return end < 0
    ? ""
    : xml
        .slice(at + tag.length + 2, end)
        .trim()
        .replaceAll("&amp;", "&");
}
