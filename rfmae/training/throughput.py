"""Throughput of training: images per second, and the share of time that it waits for batches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Throughput:
    """A stopwatch over steps, which can be paused."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._examples = 0

    def advance(self, examples: int) -> None:
        self._examples += examples

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leave a piece of work, such as a validation, out of the time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._started += time.perf_counter() - began

    def lap(self, waited_s: float) -> dict[str, float]:
        """Images per second and the share of waiting since the last lap."""
        now = time.perf_counter()
        elapsed = max(now - self._started, 1e-9)
        metrics = {
            "images_per_second": round(self._examples / elapsed, 1),
            "waiting_share": round(min(1.0, waited_s / elapsed), 4),
        }
        self._started, self._examples = now, 0
        return metrics
