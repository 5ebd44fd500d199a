// Torrents that only a web server has (BEP 19): ours for other clients, and theirs for us.
import { writeFile } from "node:fs/promises";
import { describe, test } from "vitest";
import { freePort, Lab, until } from "../helpers/processes.ts";
import { aria2 } from "./aria2.ts";
import { expectSame, leechWithSta } from "./both-ways.ts";
import { type Content, CONTENT_NAMES, makeContent } from "./contents.ts";
import { describeClient } from "./foreign-client.ts";
import { libtorrent } from "./libtorrent.ts";

interface WebServer {
  readonly name: string;
  readonly packages: string;
  readonly probe: readonly [string, ...string[]];
  /** Command line that serves `root` in the foreground. */
  readonly command: (lab: Lab, port: number, root: string) => Promise<readonly [string, ...string[]]>;
}

const WEB_SERVERS: readonly WebServer[] = [
  {
    name: "nginx",
    packages: "nginx-light",
    probe: ["nginx", "-v"],
    async command(lab, port, root) {
      const folder = lab.path();
      const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (of) => `${of}_temp_path ${folder}/${of};`,
      );
      const server = `server { listen 127.0.0.1:${port}; root "${root}"; }`;
      const http = `http { access_log off; ${paths.join(" ")} ${server} }`;
      await writeFile(
        lab.path("web.conf"),
        `daemon off; user root; pid ${folder}/web.pid; error_log stderr; events {}\n${http}`,
      );
      return ["nginx", "-c", lab.path("web.conf"), "-p", folder, "-e", "stderr"];
    },
  },
  {
    name: "Caddy",
    packages: "caddy",
    probe: ["caddy", "version"],
    command: async (_lab, port, root) => ["caddy", "file-server", "--listen", `127.0.0.1:${port}`, "--root", root],
  },
];

/** A content whose torrent names a web server that has it, and no tracker. */
async function serve(lab: Lab, { command }: WebServer, name: string): Promise<Content> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const content = await makeContent(lab, name, undefined, "--web-seed", url);
  const [file, ...args] = await command(lab, port, content.folder);
  lab.start(file, args);
  await until("the web server", () =>
    fetch(url, { method: "HEAD" }).then(
      () => true,
      () => undefined,
    ),
  );
  return content;
}

describe.each(WEB_SERVERS)("$name", (server) => {
  describeClient(server, () => {
    test.for(CONTENT_NAMES)("sta downloads %s from it alone", async (name, { onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const content = await serve(lab, server, name);
      const leecher = leechWithSta(lab, content, lab.path("down"), "--no-dht");
      await leecher.json("done");
      await expectSame(content, lab.path("down"));
    });
  });
});

describe.each([aria2, libtorrent])("$name", (client) => {
  const [nginx] = WEB_SERVERS;
  const tests = () => {
    test("it downloads what sta made a torrent of, from a web server alone", async ({ onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const content = await serve(lab, nginx!, "a folder");
      const leecher = await client.leech(lab, content.torrent, await lab.makeFolder("down"));
      await leecher.done();
      await expectSame(content, lab.path("down"));
    });
  };
  describeClient(nginx!, () => describeClient(client, tests));
});
