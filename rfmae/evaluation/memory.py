"""Peak memory of a job, measured in a process that does nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

_MIB = 2**20
_SECONDS = 600  # timeout of the process
_STATUS = Path("/proc/self/status")


def peak_mib_of(module: str, *arguments: object) -> float | None:
    """The peak resident memory in MiB of `python -m module`, which ends with `say_own_peak`.

    Python and its libraries are included. None where it cannot be measured.
    """
    if not _STATUS.is_file():
        return None  # a system other than Linux
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "PYTHONSAFEPATH": "1"},  # no module of the current folder
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


def say_own_peak() -> None:
    """Write a line that `peak_mib_of` reads."""
    sys.stdout.write(f"\npeak memory {own_peak_kib()} kB\n")
