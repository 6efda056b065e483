"""How long an answer about a recording takes: in a process that runs, and from the command line.

    python benchmarks/classify_latency.py [--rounds 200] [--out FILE]

prints p50 and p95 in milliseconds of one recording at a time, on one core, by its length; and the
processor time of the whole command for one small file, its imports included.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

from rfmae import load_classifier, write_sigmf  # noqa: E402
from rfmae.signal.modulations import find_modulation  # noqa: E402
from rfmae.signal.pulses import Pulse  # noqa: E402
from rfmae.signal.transmitter import transmit  # noqa: E402

LENGTHS = (2_048, 16_384, 131_072, 1_048_576)


def recording(samples: int, seed: int) -> np.ndarray:
    """QPSK of 8 samples a symbol at 20 dB on a carrier, with noise before and after."""
    rng = np.random.default_rng(seed)
    modulation, pulse = find_modulation("QPSK"), Pulse("rrc", 0.35, 16)
    sent = transmit(modulation, pulse, Fraction(8), samples // 2, 1, lambda _: rng)[0]
    noise = (rng.standard_normal((samples, 2)) @ [1, 1j]) * np.sqrt(10**-2 * 8 / 1.35 / 2)
    first = samples // 4
    noise[first : first + len(sent)] += sent
    return (noise * np.exp(0.5j * np.arange(samples))).astype(np.complex64)


def in_process(rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of one recording, by its samples."""
    classifier = load_classifier()
    found = {}
    for samples in LENGTHS:
        count = max(min(rounds, rounds * 20_000 // samples), 10)
        times, right = [], 0
        for seed in range(count):
            iq = recording(samples, seed)
            start = time.perf_counter()
            bursts = classifier(iq, sample_rate=1e6)
            times.append(1e3 * (time.perf_counter() - start))
            right += any(burst.best == "QPSK" for burst in bursts)
        p50, p95 = np.percentile(times, [50, 95])
        found[f"{samples:,}"] = {
            "rounds": count,
            "p50_ms": round(float(p50), 2),
            "p95_ms": round(float(p95), 2),
            "right": right / count,
        }
    return found


def whole_command(rounds: int = 5) -> float:
    """Processor seconds of `rfmae classify` of a file of 16,384 samples: the median."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_sigmf(Path(folder) / "one", recording(16_384, 0), sample_rate_hz=1e6)
        program = "from rfmae_cli.start import main; main()"
        seconds = []
        for _ in range(rounds):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, "-c", program, "classify", str(path)],
                check=True,
                capture_output=True,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return float(np.median(seconds))


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = {
        "in_process": in_process(given.rounds),
        "command_processor_seconds": round(whole_command(), 2),
    }
    text = json.dumps(found, indent=2)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
