// Sockets of local service discovery: one that hears the group in all networks, and one for each time that something is said in one.
import { createSocket, type Socket } from "node:dgram";
import { LAN_GROUPS, LAN_PORT } from "../../protocol/local-discovery.ts";
import { type Endpoint, normalizeHost } from "../../protocol/tracker/endpoint.ts";
import type { LanNetwork } from "./networks.ts";

export interface LanEar {
  /** Hears that network from now on, also where it was left without a word. Throws the system's error. */
  join(network: LanNetwork): void;
  close(): Promise<void>;
}

export interface LanSockets {
  /** Rejects with the system's error. */
  hear(family: 4 | 6, got: (bytes: Uint8Array, from: Endpoint) => void): Promise<LanEar>;
  /** Says it to all in that network, this machine among them, and nowhere else. Rejects with the system's error. */
  say(network: LanNetwork, datagrams: readonly Uint8Array[]): Promise<void>;
}

export const lanSockets: LanSockets = { hear, say };

async function hear(family: 4 | 6, got: (bytes: Uint8Array, from: Endpoint) => void): Promise<LanEar> {
  // Other programs of this machine hear it too.
  const socket = createSocket({ type: `udp${family}`, reuseAddr: true, ipv6Only: family === 6 });
  await bound(socket, LAN_PORT, family === 4 ? "0.0.0.0" : "::");
  socket.on("message", (bytes, { address: host, port }) => got(bytes, { host: normalizeHost(host), port }));
  // Nobody waits for an answer, and the group is joined again.
  socket.on("error", () => undefined);
  return {
    join: (network) => {
      try {
        socket.addMembership(LAN_GROUPS[family], interfaceOf(network));
      } catch (error) {
        // It is in it still.
        if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      }
    },
    close: () => closed(socket),
  };
}

async function say(network: LanNetwork, datagrams: readonly Uint8Array[]): Promise<void> {
  const { family, address } = network;
  const socket = createSocket(`udp${family}`);
  await bound(socket, 0, address);
  try {
    // Without it the system chooses a network, which may be any.
    socket.setMulticastInterface(interfaceOf(network));
    socket.setMulticastTTL(1);
    socket.setMulticastLoopback(true);
    for (const bytes of datagrams) await sent(socket, bytes, LAN_GROUPS[family]);
  } finally {
    await closed(socket);
  }
}

function interfaceOf({ family, address, name }: LanNetwork): string {
  return family === 4 ? address : `::%${name}`;
}

/** Closed when it cannot be. */
function bound(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ port, address }, () => {
      socket.off("error", failed);
      socket.unref();
      resolve();
    });
  });
}

function sent(socket: Socket, bytes: Uint8Array, group: string): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(bytes, LAN_PORT, group, (error) => (error ? reject(error) : resolve())),
  );
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
