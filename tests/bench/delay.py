#!/usr/bin/env python3
"""An SSH ProxyCommand that adds network delay: `delay.py HOST PORT MILLISECONDS` to each round trip.

Half of it to each direction, in user space, because the kernels of build machines lack the netem scheduler.
"""

from __future__ import annotations

import os
import queue
import socket
import sys
import threading
import time


def relay(read, write, close, seconds: float) -> None:
    """Hand on what is read, each piece `seconds` after it came, in order and without holding up reading."""
    pieces: queue.Queue = queue.Queue()

    def hand_on() -> None:
        while True:
            due, piece = pieces.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not piece:
                close()
                return
            write(piece)

    threading.Thread(target=hand_on, daemon=True).start()
    while True:
        piece = read()
        pieces.put((time.monotonic() + seconds, piece))
        if not piece:
            return


def main() -> None:
    """Relay between standard input and output and the server."""
    host, port, milliseconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    one_way = milliseconds / 2000
    server = socket.create_connection((host, port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    outward = (lambda: os.read(0, 65536), server.sendall, lambda: server.shutdown(socket.SHUT_WR), one_way)
    threading.Thread(target=relay, args=outward, daemon=True).start()
    done = threading.Event()
    relay(lambda: server.recv(65536), lambda piece: os.write(1, piece), done.set, one_way)
    done.wait(10)


if __name__ == "__main__":
    main()
