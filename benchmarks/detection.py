"""How many samples a second detection searches, idle and with bursts, and in how much memory.

    python benchmarks/detection.py [--samples 500e6] [--rounds 3]

One process, one thread. Each round runs all kinds of streams in turn; medians are printed.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.detection import detect_stream

BLOCK = 2**18
DUTIES = (0.0, 0.01, 0.1, 0.5)
"""Shares of the time that a burst of 50,000 samples is on the air."""

_BURST = 50_000
_POOL = 2**23  # samples of noise that are used again and again


def stream(pool: ComplexArray, samples: int, duty: float) -> Iterator[ComplexArray]:
    """Blocks of noise, with bursts of a carrier with phase shifts on a share of the time."""
    rng = np.random.default_rng(1)
    symbols = np.exp(0.5j * np.pi * rng.integers(0, 4, _BURST // 20)).repeat(20)
    burst = (0.7 * symbols * np.exp(0.6j * np.arange(_BURST))).astype(np.complex64)
    every = max(round(_BURST / duty), _BURST + 1) if duty else 0
    for first in range(0, samples, BLOCK):
        at = first % (_POOL - BLOCK)
        block = pool[at : at + min(BLOCK, samples - first)].copy()
        if every:
            place = -(first % every)
            while place < len(block):
                low, high = max(place, 0), min(place + _BURST, len(block))
                if low < high:
                    block[low:high] += burst[low - place : high - place]
                place += every
        yield block


def measured(pool: ComplexArray, samples: int, duty: float) -> tuple[float, int]:
    """Seconds less those that the stream itself takes, and bursts."""
    begin = time.perf_counter()
    for _ in stream(pool, samples, duty):
        pass
    making = time.perf_counter() - begin
    begin = time.perf_counter()
    found = sum(1 for _ in detect_stream(stream(pool, samples, duty)))
    return time.perf_counter() - begin - making, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=float, default=100e6, help="of each stream")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duties", type=float, nargs="+", default=list(DUTIES))
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    samples = int(options.samples)
    parts = np.random.default_rng(0).standard_normal((_POOL, 2), np.float32)
    pool = parts.view(np.complex64)[:, 0]
    took: dict[float, list[float]] = {duty: [] for duty in options.duties}
    bursts: dict[float, int] = {}
    for _ in range(options.rounds):
        for duty in options.duties:
            seconds, bursts[duty] = measured(pool, samples, duty)
            took[duty].append(seconds)
    rates = {duty: sorted(samples / took / 1e6 for took in times) for duty, times in took.items()}
    print("| on the air | Msample/s (median) | least | most | bursts |\n|---|---|---|---|---|")
    for duty, found in rates.items():
        row = (
            f"{statistics.median(found):.1f} | {found[0]:.1f} | {found[-1]:.1f} | {bursts[duty]:,}"
        )
        print(f"| {100 * duty:g} % | {row} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"peak memory of the process: {peak:.0f} MiB, of which {pool.nbytes / 2**20:.0f} are noise"
    )
    if options.out is not None:
        content = {
            "samples": samples,
            "rounds": options.rounds,
            "msamples_per_second": {str(duty): statistics.median(r) for duty, r in rates.items()},
            "bursts": {str(duty): count for duty, count in bursts.items()},
            "peak_mib": peak,
        }
        options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
