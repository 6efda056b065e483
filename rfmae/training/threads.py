"""The fastest number of CPU threads for a training step, found by measuring.

Threads wait for one another after every product. Where products are small, or where two logical
cores share a physical one, a step may take longer with more threads: a small network takes twice as
long on two such cores as on one.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from rfmae.training.numerics import Numerics, autocast
from rfmae.training.task import Task

Step = Callable[[], object]

WORTHWHILE = 1.15  # times as fast; for less, noise would choose another number from run to run
LONG_SECONDS = 0.5  # a longer step has work for all threads, and would take long to measure
_REPEATS = 3
_ROUNDS = 2  # so that other load does not affect one number alone


def fastest_threads(
    step: Step, most: int, *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """The fastest number of threads for a step, of `most` and its halves down to one.

    All of them unless fewer are clearly faster, and where a single step is long.
    """
    if most < 2 or _seconds(step, most, 1, clock) > LONG_SECONDS:
        return most
    numbers = [most >> halvings for halvings in range(most.bit_length())]
    rounds = [
        {number: _seconds(step, number, _REPEATS, clock) for number in numbers}
        for _ in range(_ROUNDS)
    ]
    seconds = {number: min(found[number] for found in rounds) for number in numbers}
    best = min(numbers, key=seconds.__getitem__)
    return best if seconds[most] >= WORTHWHILE * seconds[best] else most


def threads_for(task: Task, microbatch: slice, numerics: Numerics) -> int:
    """The fastest number of threads for steps of a task; its network is unchanged."""
    network = task.network
    device = next(network.parameters()).device
    batch = task.batch(0, microbatch)

    def step() -> None:
        with autocast(device, numerics.precision):
            loss = task.losses(network, batch)["loss"]
        loss.backward()

    network.train()
    try:
        return fastest_threads(step, torch.get_num_threads())
    finally:
        _forget_gradients(network)


@contextmanager
def working_with(threads: int | None) -> Iterator[None]:
    """Set the number of threads in this process, and restore it; none changes nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _seconds(step: Step, threads: int, repeats: int, clock: Callable[[], float]) -> float:
    """The shortest time of some steps, after one warm-up step."""
    with working_with(threads):
        step()
        times = []
        for _ in range(repeats):
            started = clock()
            step()
            times.append(clock() - started)
    return min(times)


def _forget_gradients(network: nn.Module) -> None:
    for weight in network.parameters():
        weight.grad = None
