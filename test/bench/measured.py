#!/usr/bin/python3
"""Runs a command and writes what the system counted of it, as JSON, to a file: measured.py FILE COMMAND...

{"cpu": seconds of user and system time, "rss": peak bytes in memory, "wall": seconds}. Signals are passed on.
"""
import json
import os
import signal
import sys
import time

started = time.time()
child = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda sent, _: os.kill(child, sent))
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as f:
    json.dump({"cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss * 1024, "wall": time.time() - started}, f)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
