// The live catalogue for a browser: one self-contained page that listens on the same channel as everybody, as a client that only looks.
import { createHash } from "node:crypto";
import type { HttpAnswer } from "./http-reader.ts";

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.3rem; margin: 0; }
#state { opacity: .7; flex: 1; }
input { font: inherit; padding: .2rem .5rem; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; }
td:nth-child(n+3), th:nth-child(n+3) { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td:nth-child(2) { overflow-wrap: anywhere; unicode-bidi: isolate; }
code { font-size: .85em; opacity: .7; }
.whole { color: #188a42; } .part { color: #b07a00; } .none { opacity: .4; }
`;

const SCRIPT = `
"use strict";
const entries = new Map();
const rows = document.querySelector("tbody");
const state = document.querySelector("#state");
const filter = document.querySelector("input");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
const MAX_ROWS = 500;
let peers = 0, delay = 1000, drawing = false, refused = "";

// Names are strangers': what would reorder or hide text is shown as a mark.
const shown = (text) => text.replace(/[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]/g, "\\ufffd");
const size = (bytes) => {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (bytes >= 1000 && unit < 5) { bytes /= 1000; unit++; }
  return (unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[unit];
};

function draw() {
  drawing = false;
  const wanted = filter.value.toLowerCase();
  const list = [...entries.values()].filter((entry) => entry.name.toLowerCase().includes(wanted));
  list.sort((a, b) => a.name.localeCompare(b.name) || (a.infoHash < b.infoHash ? -1 : 1));
  const names = new Map();
  for (const { name } of entries.values()) names.set(name, (names.get(name) || 0) + 1);
  rows.replaceChildren(...list.slice(0, MAX_ROWS).map((entry) => {
    const row = document.createElement("tr");
    const whole = entry.holders > 0 && entry.availablePieces === entry.pieceCount;
    const cells = [
      whole ? "\\u25cf" : entry.holders > 0 ? "\\u25d0" : "\\u25cb",
      shown(entry.name),
      size(entry.length),
      entry.availablePieces + " / " + entry.pieceCount,
      entry.holders,
      entry.seeds,
    ];
    for (const text of cells) row.insertCell().textContent = text;
    row.cells[0].className = whole ? "whole" : entry.holders > 0 ? "part" : "none";
    row.cells[0].title = whole ? "can be downloaded now" : entry.holders > 0 ? "not all pieces are there now" : "nobody has it now";
    row.cells[1].title = entry.infoHash;
    if (names.get(entry.name) > 1) {
      const hash = document.createElement("code");
      hash.textContent = " " + entry.infoHash.slice(0, 8);
      row.cells[1].append(hash);
    }
    return row;
  }));
  const more = list.length > MAX_ROWS ? ", the first " + MAX_ROWS + " shown" : "";
  state.textContent = refused || (document.body.dataset.connected === "yes"
    ? entries.size + (entries.size === 1 ? " torrent" : " torrents") + more + ", " + peers + (peers === 1 ? " peer" : " peers") + " connected"
    : "not connected to the tracker; trying again");
}
function redraw() {
  if (!drawing) { drawing = true; requestAnimationFrame(draw); }
}
function take(list) { for (const entry of list) entries.set(entry.infoHash, entry); }

function heard(message) {
  switch (message.type) {
    case "welcome": entries.clear(); take(message.catalogue || []); peers = message.peers; delay = 1000; document.body.dataset.connected = "yes"; break;
    case "catalogue": take(message.entries); break;
    case "changed": take(message.entries); peers = message.peers; break;
    case "available": take([message.entry]); break;
    case "unavailable": if (message.forgotten) entries.delete(message.infoHash); break;
    case "error": if (message.code === "refused") refused = message.text + ": add #token=SECRET to this page's address"; break;
  }
}

function connect() {
  const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/swarm", "sta.1");
  socket.onopen = () => {
    const peerId = Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    socket.send(JSON.stringify({ type: "hello", peerId, port: 0, agent: "browser", ...(token ? { token } : {}) }));
  };
  socket.onmessage = (event) => { heard(JSON.parse(event.data)); redraw(); };
  socket.onclose = () => {
    document.body.dataset.connected = "no";
    redraw();
    if (refused) return;
    setTimeout(connect, delay * (0.5 + Math.random()));
    delay = Math.min(delay * 2, 30000);
  };
}
filter.oninput = redraw;
connect();
`;

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sta-tracker</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>sta-tracker</h1><span id="state">connecting</span><input type="search" placeholder="filter" aria-label="filter"></header>
<table>
<thead><tr><th></th><th>name</th><th>size</th><th>pieces</th><th>holders</th><th>seeds</th></tr></thead>
<tbody></tbody>
</table>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** The page, which may run nothing but its own script and talk to nobody but its tracker. */
export function pageAnswer(): HttpAnswer {
  const only = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${only(SCRIPT)}`,
    `style-src ${only(STYLE)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    status: 200,
    type: "text/html; charset=utf-8",
    body: Buffer.from(HTML),
    headers: {
      "Content-Security-Policy": policy.join("; "),
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
    },
  };
}
