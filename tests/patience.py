"""How long things may take here, and where nobody else comes to listen."""

from __future__ import annotations

import os
import random
import socket

# The kernel gives ports from 32768 on to whoever connects to somewhere, this moment or the next.
PORTS = range(20000, 32000)


def unhurried(seconds: float) -> float:
    """Return how long something may take here that takes so long where nothing else wants the processors."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def free_port() -> int:
    """Return a port of this machine that nobody listens at, nor is likely to before it is used."""
    while True:
        port = random.choice(PORTS)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
