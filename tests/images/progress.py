"""Says what is going on, line by line, so that it can be followed in a log as well as at a terminal."""

from __future__ import annotations

import threading
import time

QUIET_SECONDS = 15


class Progress:
    """Prints a line whenever something happens, and every 15 seconds in which nothing does.

    Args:
        total: how many things are to be done.
        quiet: seconds after which silence is broken.
    """

    def __init__(self, total: int, quiet: float = QUIET_SECONDS):
        self._total, self._quiet = total, quiet
        self._lock = threading.Lock()
        self._began = self._spoke = time.monotonic()
        self._ended = 0
        # What goes on now: its step, and since when it goes on.
        self._running: dict[str, tuple[str, float]] = {}
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Progress:
        self._ticker.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._over.set()
        self._ticker.join()

    def step(self, name: str, step: str) -> None:
        """Something began, or came to another step."""
        with self._lock:
            since = self._running.get(name, ("", time.monotonic()))[1]
            self._running[name] = (step, since)
            self._say(f"{name}: {step}")

    def ended(self, name: str, outcome: str) -> None:
        """Something has ended; `outcome` in a word."""
        with self._lock:
            self._ended += 1
            _, since = self._running.pop(name, ("", time.monotonic()))
            self._say(f"{name}: {outcome} ({time.monotonic() - since:.0f} s)")

    def _say(self, text: str) -> None:
        self._spoke = time.monotonic()
        minutes, seconds = divmod(int(self._spoke - self._began), 60)
        print(f"{minutes:3d}:{seconds:02d} [{self._ended:2d}/{self._total}] {text}", flush=True)

    def _tick(self) -> None:
        while not self._over.wait(self._quiet / 5):
            with self._lock:
                if self._running and time.monotonic() - self._spoke >= self._quiet:
                    now = time.monotonic()
                    lines = [f"{name} at {step} ({now - since:.0f} s)" for name, (step, since) in self._running.items()]
                    self._say(f"still {'; '.join(lines)}")
