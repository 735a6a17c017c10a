"""Makes the first user on a server that has none: name and password are read, a line each."""

from __future__ import annotations

import sys

import pymongo


def main() -> None:
    """Create it with the role root."""
    name, password = (sys.stdin.readline().rstrip("\n") for _line in range(2))
    with pymongo.MongoClient("127.0.0.1", 27017, directConnection=True) as client:
        client.admin.command({"createUser": name, "pwd": password, "roles": [{"role": "root", "db": "admin"}]})


if __name__ == "__main__":
    main()
