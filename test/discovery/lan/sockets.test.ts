// The sockets of local service discovery on the loopback interface of this machine, where nobody outside hears them.
import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test, vi } from "vitest";
import { networksOf } from "../../../source/discovery/lan/networks.ts";
import { lanSockets } from "../../../source/discovery/lan/sockets.ts";

const networkOf = (address: string) => networksOf({}, address)[0]!;

/** Who hears what others of the machine say, those of other tests among them. */
async function ear(address: string) {
  const heard: string[] = [];
  const opened = await lanSockets.hear(4, (bytes, { host }) => {
    heard.push(`${host} ${new TextDecoder().decode(bytes)}`);
  });
  onTestFinished(() => opened.close());
  opened.join(networkOf(address));
  return { heard, join: () => opened.join(networkOf(address)) };
}

test("what is said is heard by all of the machine, from the address that it was said at", async () => {
  const [one, two] = [await ear("127.0.0.1"), await ear("127.0.0.2")];
  const text = randomBytes(8).toString("hex");
  await lanSockets.say(networkOf("127.0.0.3"), [Buffer.from(`${text} 1`), Buffer.from(`${text} 2`)]);
  for (const { heard } of [one, two]) {
    await vi.waitFor(() => expect(heard).toContain(`127.0.0.3 ${text} 2`));
    expect(heard).toContain(`127.0.0.3 ${text} 1`);
  }
});

test("a network may be joined again and again", async () => {
  const { join, heard } = await ear("127.0.0.1");
  join();
  join();
  const text = randomBytes(8).toString("hex");
  await lanSockets.say(networkOf("127.0.0.1"), [Buffer.from(text)]);
  await vi.waitFor(() => expect(heard).toContain(`127.0.0.1 ${text}`));
});

test("at an address that is not ours nothing is said", async () => {
  const network = { ...networkOf("127.0.0.1"), address: "203.0.113.77" };
  await expect(lanSockets.say(network, [Buffer.from("x")])).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
});
