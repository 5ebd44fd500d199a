import { expect, test } from "vitest";
import { Broadcaster } from "../../tracker/broadcaster.ts";
import { catalogueJson } from "../../tracker/catalogue-json.ts";
import { Catalogue } from "../../tracker/catalogue.ts";
import { torrentOf } from "./support.ts";

test("the catalogue is made anew after a second, not before", () => {
  const catalogue = new Catalogue();
  let now = 0;
  const broadcaster = new Broadcaster(() => undefined, 1);
  const json = catalogueJson(catalogue, broadcaster, () => now);
  const read = () => JSON.parse(String(json())) as { seq: number; entries: object[] };
  expect(read()).toEqual({ seq: 0, entries: [] });
  const { infoHash } = torrentOf("x");
  catalogue.add({ infoHash, name: "x", length: 1, pieceLength: 1, pieceCount: 1, private: false, addedAt: 0 });
  broadcaster.broadcast({ type: "notice", text: "" });
  now = 999;
  expect(read().entries).toEqual([]);
  now = 1_000;
  expect(read()).toMatchObject({ seq: 1, entries: [{ infoHash, holders: 0 }] });
});
