"""The most memory that an answer takes of a process that does nothing else."""

import re
import subprocess
import sys
from pathlib import Path

from rfmae.datasets.store import open_dataset
from rfmae.workflows.evaluate.predictors import Origin, open_predictor

_MIB = 2**20
_SECONDS = 600  # after which a process is given up
_STATUS = Path("/proc/self/status")


def process_peak_mib(origin: Origin, examples: int) -> float | None:
    """The most resident memory of a fresh process, in MiB; none where it cannot be known.

    The process opens the data set and the candidate and answers so many validation examples at
    once. What it holds before that, Python and its libraries, is part of the figure.
    """
    if not _STATUS.is_file():
        return None  # a system other than Linux
    words = [origin.dataset.absolute(), origin.model, origin.device, examples]
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    told = re.search(r"^peak memory (\d+) kB$", done.stdout, re.MULTILINE)
    return None if done.returncode or told is None else int(told[1]) * 1024 / _MIB


def own_peak_kib() -> int:
    """The most resident memory that this process has had, as Linux counts it.

    Not that of `getrusage`, which a process inherits from the one that began it.
    """
    told = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(told[1]) if told else 0


def _answer_once(folder: str, model: str, device: str, examples: str) -> None:
    dataset = open_dataset(folder)
    predictor = open_predictor(dataset, Path(model), device)
    predictor.answer(dataset.read_views("validation", predictor.views, slice(int(examples))))
    sys.stdout.write(f"\npeak memory {own_peak_kib()} kB\n")


if __name__ == "__main__":
    _answer_once(*sys.argv[1:])
