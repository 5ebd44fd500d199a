#!/usr/bin/python3
"""A slow, long line between two network namespaces: link.py NS_A NS_B MEGABITS DELAY_MS LOSS JITTER_MS

Joins a TUN device `t0` in each (10.77.0.1 and 10.77.0.2) until its stdin ends. Each direction carries so many megabits a second,
every packet takes DELAY_MS and up to JITTER_MS more, so that some overtake others, a share of LOSS (0..1) is thrown away, and so is
what does not fit into a queue of one round trip. Prints `ready` when both ends can be used. Needs root.
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 0x0001, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    fd = os.open(namespace, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def open_end(namespace, own, other):
    enter(f"/run/netns/{namespace}")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"t0", IFF_TUN | IFF_NO_PI))
    for command in ("link set lo up", f"addr add {own} peer {other} dev t0", "link set t0 mtu 1500 txqueuelen 1000 up"):
        subprocess.run(["ip", *command.split()], check=True)
    return device


class Direction:
    """One way: packets come to it one behind the other, and leave it as late as each of them does."""

    def __init__(self, megabits, delay, loss, jitter):
        self.seconds_a_byte, self.delay, self.loss, self.jitter = 8 / (megabits * 1e6), delay, loss, jitter
        self.queue_seconds, self.free_at, self.under_way, self.taken = 2 * delay, 0.0, [], 0

    def take(self, packet, now):
        self.free_at = max(self.free_at, now)
        if self.free_at - now > self.queue_seconds or random.random() < self.loss:
            return
        self.free_at += len(packet) * self.seconds_a_byte
        self.taken += 1
        heapq.heappush(self.under_way, (self.free_at + self.delay + random.random() * self.jitter, self.taken, packet))

    def give(self, device, now):
        while self.under_way and self.under_way[0][0] <= now:
            try:
                os.write(device, heapq.heappop(self.under_way)[2])
            except BlockingIOError:
                return


def main(ns_a, ns_b, megabits, delay_ms, loss, jitter_ms):
    a, b = open_end(ns_a, "10.77.0.1", "10.77.0.2"), open_end(ns_b, "10.77.0.2", "10.77.0.1")
    line = float(megabits), float(delay_ms) / 1e3, float(loss), float(jitter_ms) / 1e3
    ways = {a: (b, Direction(*line)), b: (a, Direction(*line))}
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        due = [way.under_way[0][0] for _, way in ways.values() if way.under_way]
        ready = select.select([a, b, sys.stdin], [], [], min(0.05, max(0.0, min(due) - now)) if due else 0.05)[0]
        if sys.stdin in ready:
            return
        now = time.monotonic()
        for device in ready:
            for _ in range(64):
                try:
                    ways[device][1].take(os.read(device, 2048), now)
                except BlockingIOError:
                    break
        for other, way in ways.values():
            way.give(other, now)


main(*sys.argv[1:])
