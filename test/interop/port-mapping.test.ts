// Ports that a real router forwards, miniupnpd before a network of three: who is outside downloads from who is at home behind it.
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { describe, expect, test, type TestContext } from "vitest";
import type { Doctor } from "../../source/control/contract.ts";
import { canMakeNetworks, makeNetwork } from "../helpers/network.ts";
import { Lab, STA, until } from "../helpers/processes.ts";
import { expectSame } from "./both-ways.ts";
import { makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";

/** Of the router in the network at home, and outside: an address that a router takes for public. */
const [INSIDE, OUTSIDE] = ["10.78.0.2", "11.0.0.1"];

/** What miniupnpd fills, and a router: who is inside reaches everybody, and hears nobody else. */
const RULES = `
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "sta0" accept
    jump miniupnpd
  }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; jump postrouting_miniupnpd; oifname "wan0" masquerade; }
}
`;

/** In a network of its own: not every kernel that filters can translate addresses. */
function canFilter(): boolean {
  if (spawnSync("unshare", ["--net", "nft", "--file", "-"], { input: RULES }).status === 0) return true;
  console.warn("SKIPPED: what a router forwards needs nft, of nftables, and the right to use it.");
  return false;
}

const canRun = canMakeNetworks("what a router forwards") && canFilter();

/** Home `a` behind the router `b`, and the world. */
async function openHome(setting: string, atEnd: TestContext["onTestFinished"]) {
  const lab = await Lab.open(atEnd);
  const { a: home, b: router, inside } = await makeNetwork(atEnd);
  const run = (name: string, ...command: string[]) => expect(spawnSync(...inside(name, ...command)).status).toBe(0);
  const world = `${router}-world`;
  expect(spawnSync("ip", ["netns", "add", world]).status).toBe(0);
  atEnd(() => void spawnSync("ip", ["netns", "delete", world]));
  run(router, "ip", "link", "add", "wan0", "type", "veth", "peer", "name", "wan0", "netns", world);
  for (const [name, address] of [
    [router, OUTSIDE],
    [world, "11.0.0.2"],
  ] as const) {
    run(name, "ip", "address", "add", `${address}/24`, "dev", "wan0");
    run(name, "ip", "link", "set", "wan0", "up");
  }
  // Another machine there, for who listens on one address.
  run(home, "ip", "address", "add", "10.78.0.3/24", "dev", "sta0");
  run(home, "ip", "route", "add", "default", "via", INSIDE);
  run(router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  await writeFile(lab.path("rules"), RULES);
  run(router, "nft", "-f", lab.path("rules"));
  const own = ["ext_ifname=wan0", "listening_ip=sta0", "uuid=00000000-0000-0000-0000-000000000001"];
  const allowed = ["allow 1024-65535 10.78.0.0/24 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535"];
  await writeFile(lab.path("conf"), `${[...own, "enable_upnp=yes", setting, ...allowed].join("\n")}\n`);
  const daemon = lab.start(...inside(router, "miniupnpd", "-d", "-f", lab.path("conf"), "-P", lab.path("pid")));
  await until("miniupnpd", () => /HTTP listening on port/.test(daemon.stderr) || undefined);
  const sta = async (name: string, ...flags: string[]) => {
    const own = ["--json", "--until-stdin-ends", "--no-lan", "--dht-node", `${INSIDE}:1`];
    const running = lab.start(...inside(home, process.execPath, STA, "daemon", ...own, ...flags), {
      env: { STA_HOME: lab.path(name) },
    });
    const { port } = await running.json("listening");
    const engine = await lab.engine(name);
    const mapping = async (): Promise<Doctor["portMapping"]> => {
      const reply = await engine.send({ method: "doctor" });
      return reply.ok ? reply.doctor!.portMapping : null;
    };
    /** What came of asking the router. */
    const settled = (wanted: NonNullable<Doctor["portMapping"]>["state"], ports: number) =>
      until("a forwarded port", async () => {
        const found = await mapping();
        return found?.state === wanted && found.ports.length === ports ? found : undefined;
      });
    return { running, engine, port: Number(port), settled };
  };
  const forwarded = () => spawnSync(...inside(router, "nft", "list", "ruleset"), { encoding: "utf8" }).stdout;
  return { lab, sta, forwarded, inWorld: (...command: string[]) => lab.start(...inside(world, ...command)) };
}

describe.skipIf(!canRun)("behind a router", { timeout: 60_000 }, () => {
  describeClient(
    { name: "miniupnpd", packages: "miniupnpd miniupnpd-nftables", probe: ["miniupnpd", "--version"] },
    () => {
      test.for([
        ["PCP", "enable_natpmp=yes"],
        ["UPnP", "enable_natpmp=no"],
      ] as const)(
        "who is outside downloads from sta, which asked by %s, until it stops",
        async ([way, setting], { onTestFinished: atEnd }) => {
          const { lab, sta, forwarded, inWorld } = await openHome(setting, atEnd);
          const content = await makeContent(lab, "a folder");
          const { engine, running, port, settled } = await sta("home");
          await engine.send({ method: "download", target: content.torrent, folder: content.folder });
          const { ports, ...mapping } = await settled("working", 2);
          expect(mapping).toEqual({ state: "working", router: INSIDE, way, problem: null });
          expect(ports).toEqual([
            { protocol: "TCP", port },
            { protocol: "UDP", port },
          ]);
          const peer = ["--peer", `${OUTSIDE}:${port}`, "--no-dht", "--no-lan", "--no-port-mapping"];
          const get = ["get", content.torrent, "--standalone", "--json", "--dir", lab.path("down"), ...peer];
          await inWorld(process.execPath, STA, ...get).json("done");
          await expectSame(content, lab.path("down"));
          expect(forwarded()).toContain("dnat");
          expect(await running.kill()).toMatchObject({ code: 0 });
          expect(forwarded()).not.toContain("dnat");
        },
      );

      test.for([
        ["PCP", "enable_natpmp=yes"],
        ["UPnP", "enable_natpmp=no"],
      ] as const)(
        "what was forwarded to an engine that was killed is forwarded to the next one, by %s",
        async ([way, setting], { onTestFinished: atEnd }) => {
          const { lab, sta } = await openHome(setting, atEnd);
          const content = await makeContent(lab, "small-pieces.bin");
          const begin = async () => {
            const { engine, running, settled } = await sta("home", "--port", "7000", "--no-dht");
            await engine.send({ method: "download", target: content.torrent, folder: content.folder });
            return { mapping: await settled("working", 1), running };
          };
          const { running } = await begin();
          await running.kill("SIGKILL");
          const { mapping } = await begin();
          expect(mapping).toMatchObject({ way, ports: [{ protocol: "TCP", port: 7_000 }] });
        },
      );

      test.for([
        ["PCP", "enable_natpmp=yes", ", and offers 7001 (--port)"],
        ["UPnP", "enable_natpmp=no", ": take another one (--port)"],
      ] as const)(
        "the port of another machine is left to it, and said, by %s",
        async ([, setting, advice], { onTestFinished: atEnd }) => {
          const { lab, sta, forwarded } = await openHome(setting, atEnd);
          const content = await makeContent(lab, "small-pieces.bin");
          const begin = async (host: string) => {
            const box = await sta(host, "--host", host, "--port", "7000", "--no-dht");
            await box.engine.send({ method: "download", target: content.torrent, folder: lab.path(`${host}-files`) });
            return box;
          };
          const first = await begin("10.78.0.1");
          await first.settled("working", 1);
          const second = await begin("10.78.0.3");
          const { problem } = await second.settled("failed", 0);
          expect(problem).toBe(`the router ${INSIDE} has given port 7000 to another machine${advice}`);
          expect(forwarded().match(/dnat [^\n]*/g)).toEqual(["dnat ip to 10.78.0.1:7000"]);
        },
      );
    },
  );
});
