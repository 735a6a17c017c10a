"""A client that asks every 50 ms, and what it was not given."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t

INTERVAL = 0.05


class Asking:
    """What came of it.

    Args:
        ask: asks once with a password; raises where it is refused.
        password: the one that the client has; another one may be set at any time.
    """

    def __init__(self, ask: t.Callable[[str], t.Any], password: str):
        self._ask = ask
        self.password = password
        self.count = 0
        self.failures: list[tuple[float, str]] = []

    def until(self, ended: threading.Event) -> None:
        """Ask until it is ended."""
        while not ended.wait(INTERVAL):
            self.count += 1
            try:
                self._ask(self.password)
            except Exception as error:
                self.failures.append((time.monotonic(), str(error)))

    @property
    def outage(self) -> float:
        """Seconds between the first and the last failure, and one interval more; 0 without any."""
        return self.failures[-1][0] - self.failures[0][0] + INTERVAL if self.failures else 0.0


@contextlib.contextmanager
def asked(ask: t.Callable[[str], t.Any], password: str) -> t.Iterator[Asking]:
    """Have a client ask meanwhile."""
    asking, ended = Asking(ask, password), threading.Event()
    thread = threading.Thread(target=asking.until, args=(ended,))
    thread.start()
    try:
        yield asking
    finally:
        ended.set()
        thread.join()
