#!/usr/bin/python3
"""libtorrent as a peer, until its stdin ends. Prints one JSON object a line.

libtorrent-peer.py make PATH OUT.torrent PIECE_LENGTH [ANNOUNCE_URL]
libtorrent-peer.py make-hybrid PATH OUT.torrent PIECE_LENGTH: for both versions of BitTorrent, with padding between the files
libtorrent-peer.py seed X.torrent FOLDER [--plain | --encrypted] [--no-trackers] [--host ADDRESS] [--port PORT] [--dht HOST:PORT] [--lan]
libtorrent-peer.py node [--dht HOST:PORT]: a node of the DHT and nothing else
libtorrent-peer.py leech X.torrent FOLDER [the same] [--once] [--peer HOST:PORT]...

X.torrent may be a magnet link when leeching.
--dht looks in the DHT, beginning with that node, --lan in its own network. --plain never encrypts, --encrypted speaks RC4 and nothing else, --once ends when all is there. It listens on 127.0.0.1 unless --host says otherwise.
"""
import json
import os
import select
import sys
import time

import libtorrent as lt


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def make(source, out, piece_length, announce=None, flags=lt.create_torrent.v1_only):
    files = lt.file_storage()
    lt.add_files(files, source)
    torrent = lt.create_torrent(files, int(piece_length), flags=flags)
    if announce:
        torrent.add_tracker(announce)
    lt.set_piece_hashes(torrent, os.path.dirname(os.path.abspath(source)))
    with open(out, "wb") as f:
        f.write(lt.bencode(torrent.generate()))
    say("created", infoHash=str(lt.torrent_info(out).info_hash()))


def open_session(flags, host, port, **more):
    settings = {
        "listen_interfaces": f"{host}:{port}",
        "enable_dht": False, "enable_lsd": "--lan" in flags, "enable_upnp": False, "enable_natpmp": False,
        "enable_outgoing_utp": False, "enable_incoming_utp": False,
        "allow_multiple_connections_per_ip": True, "announce_ip": host,
        **more,
    }
    if "--dht" in flags or "node" in flags:
        settings.update({
            "enable_dht": True, "dht_bootstrap_nodes": value_of("--dht", flags, ""),
            # All nodes are on one machine.
            "dht_restrict_routing_ips": False, "dht_restrict_search_ips": False, "dht_ignore_dark_internet": False,
            "dht_prefer_verified_node_ids": False, "dht_enforce_node_id": False,
        })
    if "--plain" in flags:
        settings.update({"in_enc_policy": 2, "out_enc_policy": 2})
    if "--encrypted" in flags:
        settings.update({"in_enc_policy": 0, "out_enc_policy": 0, "allowed_enc_level": 2})
    return lt.session(settings)


def stdin_ended():
    return bool(select.select([sys.stdin], [], [], 0)[0]) and not sys.stdin.buffer.raw.read(1)


def value_of(name, flags, default):
    return flags[flags.index(name) + 1] if name in flags else default


def node(flags):
    session = open_session(["node", *flags], "127.0.0.1", "0")
    while session.listen_port() == 0 or not session.is_dht_running():
        time.sleep(0.005)
    say("listening", port=session.listen_port())
    while not stdin_ended():
        time.sleep(0.05)
    os._exit(0)


def run(role, torrent, folder, flags):
    more = {"max_out_request_queue": 2000, "request_queue_time": 3} if role == "leech" else {
        "unchoke_slots_limit": -1, "send_buffer_watermark": 4 << 20, "close_redundant_connections": False}
    session = open_session(flags, value_of("--host", flags, "127.0.0.1"), value_of("--port", flags, "0"), **more)
    if torrent.startswith("magnet:"):
        params = lt.parse_magnet_uri(torrent)
    else:
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(torrent)
    params.save_path = folder
    if role == "seed":
        params.flags = lt.torrent_flags.seed_mode
    handle = session.add_torrent(params)
    if "--no-trackers" in flags:
        handle.replace_trackers([])
    # A session that listens on port 0 says its port as soon as the socket is there.
    while session.listen_port() == 0:
        time.sleep(0.005)
    started = time.time()
    say("listening", port=session.listen_port())
    for at, flag in enumerate(flags):
        if flag == "--peer":
            host, port = flags[at + 1].rsplit(":", 1)
            handle.connect_peer((host, int(port)))
    connected = done = False
    asked = started
    while not stdin_ended():
        # It looks once, also before it knows a node, and then not for 15 minutes.
        if "--dht" in flags and not connected and time.time() - asked > 1:
            asked = time.time()
            handle.force_dht_announce()
        if not connected and any(not peer.flags & peer.connecting and not peer.flags & peer.handshake
                                 for peer in handle.get_peer_info()):
            connected = True
            say("connected", seconds=time.time() - started)
        if role == "leech" and not done and handle.status().is_seeding:
            done = True
            say("done", seconds=time.time() - started)
            if "--once" in flags:
                break
        time.sleep(0.01)
    os._exit(0)


if sys.argv[1] == "make":
    make(*sys.argv[2:])
elif sys.argv[1] == "make-hybrid":
    make(*sys.argv[2:5], flags=0)
elif sys.argv[1] == "node":
    node(sys.argv[2:])
else:
    run(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
