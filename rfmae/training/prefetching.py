"""Prefetching of batches on a thread, and the time that the training loop waits for them."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

import torch

Batch = TypeVar("Batch")

PREPARED = 2  # batches: one in progress while another is ready


class Prefetcher(Generic[Batch]):
    """Makes batches in order on one thread, ahead of the training loop.

    `make` is called with 0, 1, … up to `count`; as it depends on nothing else, `ahead`
    changes no batch. An error of `make` is raised where its batch would have been taken.
    """

    def __init__(
        self, make: Callable[[int], Batch], count: int, device: torch.device, ahead: int = PREPARED
    ) -> None:
        """Prepare `ahead` batches; with none, each is made when it is taken."""
        self._make, self._device = make, device
        self._numbers = iter(range(count))
        self._pool = ThreadPoolExecutor(1, "feed") if ahead else None
        self._ready: deque[Future[Batch]] = deque()
        self._waited_s = 0.0
        for _ in range(ahead):
            self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self) -> Batch:
        """The next batch."""
        started = time.perf_counter()
        try:
            return self._next()
        finally:
            self._waited_s += time.perf_counter() - started

    def waited_s(self) -> float:
        """Seconds that `take` has waited since the last call.

        On a GPU that still has work queued it is more than the GPU itself was idle.
        """
        waited, self._waited_s = self._waited_s, 0.0
        return waited

    def _next(self) -> Batch:
        if self._pool is None:
            return self._made(next(self._numbers))
        batch = self._ready.popleft().result()
        self._prepare()
        return batch

    def _prepare(self) -> None:
        number = next(self._numbers, None)
        if number is not None and self._pool is not None:
            self._ready.append(self._pool.submit(self._made, number))

    def _made(self, number: int) -> Batch:
        # both are settings of a thread, not of the process
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)
        with torch.no_grad():
            return self._make(number)


def in_steps(
    batch: Callable[[int, slice], Batch], first: int, last: int, microbatches: list[slice]
) -> tuple[Callable[[int], Batch], int]:
    """A function from number to piece of the steps `first` to before `last`, and their count."""

    def make(number: int) -> Batch:
        step, turn = divmod(number, len(microbatches))
        return batch(first + step, microbatches[turn])

    return make, (last - first) * len(microbatches)
