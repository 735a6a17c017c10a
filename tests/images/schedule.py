"""Does things that depend on each other, several at a time."""

from __future__ import annotations

import typing as t
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait


def run_all(needs: dict[str, set[str]], work: t.Callable[[str], None], at_a_time: int = 2) -> None:
    """Call `work` for each key as soon as what it needs is done; of those that may begin, the first in `needs` does.

    After a failure nothing more is begun; what runs is waited for.

    Args:
        needs: by key, the keys that have to be done before it. Keys that are not in here count as done.
        work: what to do for a key.
        at_a_time: how many at once.

    Raises:
        ValueError: things need each other in a circle.
        Exception: the first that `work` raised.
    """
    waiting = {key: set(before) & set(needs) for key, before in needs.items()}
    running: dict[Future, str] = {}
    done: set[str] = set()
    with ThreadPoolExecutor(at_a_time) as pool:
        while waiting or running:
            ready = [key for key, before in waiting.items() if before <= done]
            for key in ready[: at_a_time - len(running)]:
                del waiting[key]
                running[pool.submit(work, key)] = key
            if not running:
                raise ValueError(f"these need each other: {', '.join(sorted(waiting))}")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                key = running.pop(future)
                future.result()
                done.add(key)
