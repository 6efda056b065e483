"""Measurement of benchmarks: one thread, CPU and wall time, each program once per round."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_SLICE_SECONDS = 0.1  # what a turn lasts at least: far more than the clock's grain


@dataclass(frozen=True, slots=True)
class Seconds:
    """CPU time and wall time of a call in each round."""

    processor: tuple[float, ...]
    wall: tuple[float, ...]


def use_one_thread() -> None:
    """Start the script again with one thread a library, as they read this when they load."""
    wanted = dict.fromkeys(_THREADS, "1")
    if any(os.environ.get(name) != "1" for name in wanted):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def take_turns(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Seconds]:
    """Seconds of each call, by name; one turn each a round, so that a busy machine hits all."""
    repeats = {name: _repeats(call) for name, call in calls.items()}
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            turns[name].append(_turn(call, repeats[name]))
    return {name: Seconds(*zip(*pairs, strict=True)) for name, pairs in turns.items()}


class Worker:
    """This script again with other arguments, in a process of its own, which `serve`s turns.

    Changes of one program to its process (settings, allocator, caches) do not affect others, and
    turns still go round.
    """

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, sys.argv[0], *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def request(self, command: str) -> Any:
        """The response to `ready`, `facts` or `turn`."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit("a program failed; its error is above")
        return json.loads(answer)

    def stop(self) -> None:
        self._process.communicate()


@contextlib.contextmanager
def workers(arguments: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Worker]]:
    """A worker for each name, stopped at the end; each is ready before the next one starts."""
    with contextlib.ExitStack() as stack:
        started = {}
        for name, words in arguments.items():
            started[name] = Worker(*words)
            stack.callback(started[name].stop)
            started[name].request("ready")
        yield started


def serve(call: Callable[[], object], facts: Callable[[], object]) -> None:
    """Serve the requests of a `Worker` over standard output, until its input ends."""
    output, repeats = sys.stdout, _repeats(call)
    answers = {"ready": bool, "turn": lambda: _turn(call, repeats), "facts": facts}
    with contextlib.redirect_stdout(sys.stderr):  # a library may print
        for line in sys.stdin:
            answer = answers[line.strip()]()
            print(json.dumps(answer), file=output, flush=True)


def workers_take_turns(started: Mapping[str, Worker], rounds: int) -> dict[str, Seconds]:
    """The same as `take_turns`, by workers."""
    turns: dict[str, list[tuple[float, float]]] = {name: [] for name in started}
    for _ in range(rounds):
        for name, worker in started.items():
            processor, wall = worker.request("turn")
            turns[name].append((processor, wall))
    return {name: Seconds(*zip(*pairs, strict=True)) for name, pairs in turns.items()}


def times_as_long(ours: tuple[float, ...], theirs: tuple[float, ...]) -> float:
    """Their time over ours, the median over rounds."""
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def _repeats(call: Callable[[], object]) -> int:
    call()  # tables, compilers and caches are not what is measured
    _, wall = _turn(call, 1)
    return max(1, round(_SLICE_SECONDS / wall))


def _turn(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    processor, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.process_time() - processor) / repeats, (time.perf_counter() - wall) / repeats
