// The tracker's page in a real browser, driven over its devtools socket.
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { Lab, until } from "../helpers/processes.ts";
import { RawClient, startTracker, torrentOf, welcomed } from "../tracker/support.ts";
import { describeClient } from "./foreign-client.ts";

const CHROMIUM = "chromium";

/** A page of headless Chromium. */
class Page {
  readonly #socket: WebSocket;
  readonly #session: string;
  #ids = 1;

  private constructor(socket: WebSocket, session: string) {
    this.#socket = socket;
    this.#session = session;
  }

  static async open(lab: Lab, url: string): Promise<Page> {
    const profile = await lab.makeFolder("chromium");
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
    const port = ["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
    const running = lab.start(CHROMIUM, [...flags, ...port], { endWith: "SIGKILL" });
    const endpoint = await until("devtools", () => /DevTools listening on (ws:\S+)/.exec(running.stderr)?.[1]);
    const socket = new WebSocket(endpoint);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    const { targetId } = await ask(socket, 1, "Target.createTarget", { url });
    const { sessionId } = await ask(socket, 2, "Target.attachToTarget", { targetId, flatten: true });
    return new Page(socket, String(sessionId));
  }

  /** Value of an expression in the page, as soon as it is not falsy. */
  until(what: string, expression: string): Promise<unknown> {
    return until(what, async () => {
      const id = 2 + this.#ids++;
      const params = { expression, returnByValue: true };
      const { result } = await ask(this.#socket, id, "Runtime.evaluate", params, this.#session);
      return (result as { value?: unknown }).value || undefined;
    });
  }
}

async function ask(socket: WebSocket, id: number, method: string, params: object, sessionId?: string) {
  socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
  for (;;) {
    const [data] = (await once(socket, "message")) as [Buffer];
    const answer = JSON.parse(String(data)) as { id?: number; result?: Record<string, unknown>; error?: object };
    if (answer.id !== id) continue;
    if (!answer.result) throw new Error(JSON.stringify(answer.error));
    return answer.result;
  }
}

const ROWS = `[...document.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent).join("|"))`;

describeClient({ name: CHROMIUM, packages: CHROMIUM, probe: [CHROMIUM, "--version"] }, () => {
  describe("with trackers", { concurrent: false }, () => {
    test("the page shows the catalogue as it changes, names as text only, and twins apart", async () => {
      const lab = await Lab.open(onTestFinished);
      const tracker = await startTracker();
      const client = await welcomed(tracker, 1);
      const hostile = torrentOf(`<img src=x onerror="document.title='owned'">\u202egpj`, 4);
      await client.publish(hostile.bytes);
      const page = await Page.open(lab, `http://127.0.0.1:${tracker.port}/`);
      expect(await page.until("the catalogue", `${ROWS}[0]`)).toBe(
        `○|<img src=x onerror="document.title='owned'">\ufffdgpj|65.5 kB|0 / 4|0|0`,
      );
      client.say({ type: "have", infoHash: hostile.infoHash, pieces: toBase64(fullBitfield(4)) });
      await page.until("a seed", `${ROWS}[0].startsWith("●") && ${ROWS}[0].endsWith("|4 / 4|1|1")`);
      const twins = [torrentOf("a", 2, 1), torrentOf("a", 2, 2)];
      for (const { bytes } of twins) await client.publish(bytes);
      const rows = (await page.until("twins", `${ROWS}.length === 3 && ${ROWS}`)) as string[];
      for (const { infoHash } of twins)
        expect(rows.some((row) => row.includes(`a ${infoHash.slice(0, 8)}`))).toBe(true);
      expect(await page.until("what was connected", `document.querySelector("#state").textContent`)).toBe(
        "3 torrents, 1 peer connected",
      );
      expect(await page.until("the title", "document.title")).toBe("sta-tracker");
      expect(await page.until("no image", `document.images.length === 0`)).toBe(true);
      client.socket.terminate();
      await page.until("nobody", `${ROWS}.every((row) => row.startsWith("○"))`);
    });

    test("a tracker with a token says so, and takes it from the address", async () => {
      const lab = await Lab.open(onTestFinished);
      const tracker = await startTracker({ token: "s3cret" });
      const client = new RawClient(tracker.port);
      await client.hello(1, { token: "s3cret" });
      await client.publish(torrentOf("x").bytes);
      const without = await Page.open(lab, `http://127.0.0.1:${tracker.port}/`);
      await without.until("a refusal", `document.querySelector("#state").textContent.includes("#token=SECRET")`);
      const second = await Lab.open(onTestFinished);
      const withToken = await Page.open(second, `http://127.0.0.1:${tracker.port}/#token=s3cret`);
      await withToken.until("the catalogue", `${ROWS}.length === 1`);
    });
  });
});
