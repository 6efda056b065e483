"""The memory of an import does not grow with the recordings."""

import subprocess
import sys

import numpy as np
import pytest

IMPORT = """
import pathlib, sys
from rfmae.evaluation.memory import own_peak_kib
from rfmae.imports.opening import SourceOptions
from rfmae.progress import Silent
from rfmae.workflows.importing import import_dataset

source, out = map(pathlib.Path, sys.argv[1:])
import_dataset(source, out, out, options=SourceOptions(samples=1024), progress=Silent())
print(own_peak_kib())
"""
MIB = 1 << 17  # samples of eight bytes


def peak_mib(folder, mib):
    """The peak of an import of two recordings of so many MiB each."""
    rng = np.random.default_rng(1)
    for name in ("alpha", "beta"):
        path = folder / "set" / name / "rec.cf32"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            for _ in range(mib):
                file.write(rng.normal(size=2 * MIB).astype(np.float32).tobytes())
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, folder / "set", folder / "out"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak")
def test_ten_times_the_recordings_take_no_more_memory(tmp_path):
    small, large = (peak_mib(tmp_path / str(mib), mib) for mib in (8, 80))
    print(f"peak memory {small:.0f} MiB with 16 MiB of recordings, {large:.0f} MiB with 160")
    assert large < small + 60
