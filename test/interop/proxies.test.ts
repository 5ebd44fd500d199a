// The proxies of docs/OPERATING.md, as they stand there, before a tracker.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEADLINE_MS, Lab, freePort, until } from "../helpers/processes.ts";
import { RawClient, announce, get, startTracker, torrentOf } from "../tracker/support.ts";
import { describeClient } from "./foreign-client.ts";

/** The example of this language, for other ports. */
async function example(language: string, port: number, to: number): Promise<string> {
  const guide = await readFile(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8");
  const block = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(guide)![1]!;
  return block.replace("8080", String(port)).replace("127.0.0.1:5000", `127.0.0.1:${to}`);
}

interface Proxy {
  readonly name: string;
  readonly packages: string;
  readonly probe: readonly [string, ...string[]];
  /** Command line that runs it in the foreground, with what it needs in the lab's folder. */
  readonly command: (lab: Lab, port: number, to: number) => Promise<readonly [string, ...string[]]>;
}

const PROXIES: readonly Proxy[] = [
  {
    name: "nginx",
    packages: "nginx-light",
    probe: ["nginx", "-v"],
    async command(lab, port, to) {
      const folder = lab.path();
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (of) => `${of}_temp_path ${folder}/${of};`,
      );
      const http = `http { access_log off; ${paths.join(" ")}\n${await example("nginx", port, to)}}`;
      const config = `daemon off; pid ${folder}/pid; error_log stderr; events {}\n${http}`;
      await writeFile(`${folder}/nginx.conf`, config);
      return ["nginx", "-c", `${folder}/nginx.conf`, "-p", folder, "-e", "stderr"];
    },
  },
  {
    name: "Caddy",
    packages: "caddy",
    probe: ["caddy", "version"],
    async command(lab, port, to) {
      await writeFile(lab.path("Caddyfile"), `{\n    admin off\n}\n${await example("caddy", port, to)}`);
      return ["caddy", "run", "--adapter", "caddyfile", "--config", lab.path("Caddyfile")];
    },
  },
];

describe.each(PROXIES)("$name", (proxy) => {
  describeClient(proxy, () => {
    describe("before a tracker", { concurrent: false }, () => {
      test("clients have their own addresses, announces and the channel work through it", async () => {
        const lab = await Lab.open(onTestFinished);
        const tracker = await startTracker({ trustProxy: [] });
        const port = await freePort();
        const [file, ...args] = await proxy.command(lab, port, tracker.port);
        const running = lab.start(file, args);
        const through = { ...tracker, port };
        await until(
          proxy.name,
          () => {
            if (running.hasEnded) throw new Error(running.stderr);
            return get(through, "/health").then(
              () => true,
              () => undefined,
            );
          },
          DEADLINE_MS,
        );

        // Whoever is on loopback is a proxy itself: what it forwards is believed, as from a proxy in front.
        const client = new RawClient(port, undefined, { "X-Forwarded-For": "203.0.113.7" });
        const { you } = await client.hello(1);
        expect(you).toEqual({ address: proxy.name === "nginx" ? "203.0.113.7" : you.address, port: 7001 });
        const { bytes, infoHash } = torrentOf("x");
        await client.publish(bytes);
        const answer = await announce(through, { infoHash, port: 6881, left: 1 });
        expect(answer.get("incomplete")).toBe(1);
        expect(String((await get(through, "/")).body)).toContain("<title>sta-tracker</title>");
      });
    });
  });
});
