"""Peak memory of inference, measured in a fresh process."""

import re
import subprocess
import sys
from pathlib import Path

from rfmae.datasets.store import open_dataset
from rfmae.workflows.evaluate.predictors import Origin, open_predictor

_MIB = 2**20
_SECONDS = 600  # timeout of the process
_STATUS = Path("/proc/self/status")


def process_peak_mib(origin: Origin, examples: int) -> float | None:
    """The peak resident memory of a fresh process in MiB; None where it cannot be measured.

    The process opens the data set and the predictor and classifies so many validation examples
    at once. Python and its libraries are included.
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
    found = re.search(r"^peak memory (\d+) kB$", done.stdout, re.MULTILINE)
    return None if done.returncode or found is None else int(found[1]) * 1024 / _MIB


def own_peak_kib() -> int:
    """The peak resident memory of this process, as Linux counts it.

    Not that of `getrusage`, which a process inherits from its parent.
    """
    found = re.search(r"^VmHWM:\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _answer_once(folder: str, model: str, device: str, examples: str) -> None:
    dataset = open_dataset(folder)
    predictor = open_predictor(dataset, Path(model), device)
    predictor.answer(dataset.read_views("validation", predictor.views, slice(int(examples))))
    sys.stdout.write(f"\npeak memory {own_peak_kib()} kB\n")


if __name__ == "__main__":
    _answer_once(*sys.argv[1:])
