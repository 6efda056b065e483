"""Samples per second from a recipe to a data set on disk, beside the memory and the disk alone.

The recipe has four modulations at four points as waveforms of 1,024 samples; every sample is stored
observed and clean, 16 bytes in all, and counted once. In each round everybody has a turn: the same
examples made and dropped by one process, the same bytes written from a buffer, and `rfmae synth` to
HDF5 with one and two workers, each in a process of its own. What is written is synchronised with
the disk, by all. Processor time is that of all processes that take part, workers' imports included;
memory is what they hold together, with Python and all that it imports.

    python benchmarks/dataset_writing.py [FOLDER]
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from joblib.externals.loky import get_reusable_executor
from measuring import use_one_thread

from rfmae.datasets.recipe import SPLITS, Recipe, parse_recipe
from rfmae.datasets.synthesis import examples
from rfmae.workflows.data import synth

SAMPLES = 1024  # of an example
SAMPLE_BYTES = 16  # of a sample: I and Q in 32 bits, observed and clean
EXAMPLES = (32_768, 131_072)
WORKERS = (1, 2)
ROUNDS = 3
_LOOK_SECONDS = 0.1  # between two looks at the memory, each of which takes a few milliseconds

Result = dict[str, float]
"""`wall` and `processor` seconds, and where memory was measured, `megabytes`."""


def recipe_of(count: int) -> Recipe:
    """A recipe of `count` examples in all."""
    point = count // 16
    test = point // 8
    return parse_recipe(f"""
        schema = 1
        name = "benchmark"
        about = "Waveforms of four modulations for a benchmark of writing."
        seed = 1
        [source]
        modulations = ["QPSK", "16QAM", "64QAM", "GFSK"]
        symbols_per_example = {SAMPLES // 8}
        samples_per_symbol = 8
        receiver = {{ observe = "waveform" }}
        [source.channel]
        snr = "-10:20:10"
        [splits]
        train = {point - 2 * test}
        validation = {test}
        test = {test}
        """)


def timed(call: Callable[[], object]) -> Result:
    """Seconds of a call and of the workers that it started, which are stopped."""
    wall, processor = time.perf_counter(), sum(os.times()[:4])
    call()
    wall = time.perf_counter() - wall
    get_reusable_executor().shutdown()  # the time of a process counts when it has ended
    return {"wall": wall, "processor": sum(os.times()[:4]) - processor}


def make_in_memory(recipe: Recipe) -> None:
    """Synthesise all examples in one process, and keep none."""
    for split in SPLITS:
        for _ in examples(recipe, split):
            pass


def write_plainly(data: int, folder: Path) -> None:
    """Write a number of bytes from a buffer sequentially, until they have reached the disk."""
    buffer = np.random.default_rng(0).bytes(2**23)
    path = folder / "plain"
    with path.open("wb", buffering=0) as file:
        for _ in range(data // len(buffer)):
            file.write(buffer)
        os.fdatasync(file)
    path.unlink()


def written(count: int, workers: int, folder: Path) -> Result:
    """Seconds and memory of `rfmae synth` in a process that ends with it."""
    target = folder / "written"
    command = [sys.executable, __file__, "--write", str(count), str(workers), str(target)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident_megabytes(process.pid))
        time.sleep(_LOOK_SECONDS)
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    shutil.rmtree(target)
    return {**json.loads(output), "megabytes": peak}


def resident_megabytes(session: int) -> float:
    """The current memory of the processes of a session, shared pages counted once (Linux)."""
    kilobytes = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                lines = (process / "smaps_rollup").read_text().splitlines()
                kilobytes += next(int(line.split()[1]) for line in lines if line[:4] == "Pss:")
        except (OSError, StopIteration):
            continue  # it has just ended
    return kilobytes / 1e3


def write(count: int, workers: int, target: Path) -> None:
    """The work of the process of `written`: that of `rfmae synth` after its imports."""
    recipe = recipe_of(count)
    print(json.dumps(timed(lambda: synth(recipe, target, workers=workers))))


def measure(count: int, folder: Path) -> dict[str, list[Result]]:
    """The results of every round, by task."""
    recipe, data = recipe_of(count), count * SAMPLES * SAMPLE_BYTES
    turns: dict[str, Callable[[], Result]] = {
        "made in memory, 1 process": lambda: timed(lambda: make_in_memory(recipe)),
        "plain write": lambda: timed(lambda: write_plainly(data, folder)),
    }
    for workers in WORKERS:
        name = f"rfmae synth, {workers} worker{'s' * (workers > 1)}"
        turns[name] = lambda w=workers: written(count, w, folder)
    results: dict[str, list[Result]] = {name: [] for name in turns}
    for _ in range(ROUNDS):
        for name, turn in turns.items():
            results[name].append(turn())
    return results


def print_table(count: int, results: dict[str, list[Result]]) -> None:
    samples = count * SAMPLES
    print(
        f"\n{count:,} examples, {samples * SAMPLE_BYTES / 1e6:,.0f} MB; medians of {ROUNDS} rounds"
    )
    print(f"{'':<26}{'M samples/s':>12}{'MB/s':>8}{'M samples/processor s':>23}{'peak MB':>9}")
    for name, rounds in results.items():
        wall, processor = (
            samples / statistics.median(result[clock] for result in rounds) / 1e6
            for clock in ("wall", "processor")
        )
        megabytes = max(result.get("megabytes", 0.0) for result in rounds)
        peak = f"{megabytes:,.0f}" if megabytes else "–"
        print(f"{name:<26}{wall:>12.1f}{wall * SAMPLE_BYTES:>8,.0f}{processor:>23.1f}{peak:>9}")


def main() -> None:
    use_one_thread()
    if sys.argv[1:2] == ["--write"]:
        write(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
        return
    parent = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        for count in EXAMPLES:
            print_table(count, measure(count, Path(folder)))


if __name__ == "__main__":
    main()
