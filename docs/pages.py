"""What the scripts of these pages share: parts to fill in, means over seeds, results kept."""

import fcntl
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from rfmae.records import Ceiling


def filled(page: str, parts: Mapping[str, str]) -> str:
    """The page with each part between `<!-- NAME -->` and `<!-- end -->` as it is given."""
    for name, text in parts.items():
        page, count = re.subn(
            rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)",
            lambda mark, text=text: f"{mark[1]}{text}\n{mark[2]}",
            page,
            flags=re.DOTALL,
        )
        if count != 1:
            raise SystemExit(f"the page must hold one part <!-- {name} -->, got {count}")
    return page


def with_student(values: Sequence[float], *, signed: bool = False) -> str:
    """The mean and half its 95 % interval by Student's t over the seeds; one seed has none."""
    mean = f"{np.mean(values):+.1f}" if signed else f"{np.mean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {student_half(values):.1f}"


def student_half(values: Sequence[float]) -> float:
    """Half the 95 % interval of a mean by Student's t; zero of a single value."""
    if len(values) < 2:
        return 0.0
    spread = np.std(values, ddof=1) / np.sqrt(len(values))
    return float(student.ppf(0.975, len(values) - 1) * spread)


def consistent(ceilings: Mapping[str, Ceiling]) -> dict[str, Ceiling]:
    """The same with no lower bound above a tighter one: of the sequence, or with the SNR known.

    A lower bound that chance put too high stays one when it is reduced.
    """
    exact = next((item for item in ceilings.values() if item.is_bound), None)
    known = {item.kind: item for item in ceilings.values() if item.snr == "known"}
    found = {}
    for name, item in ceilings.items():
        tighter = [] if item.is_bound or exact is None else [exact]
        tighter += [known[item.kind]] if item.snr == "unknown" and item.kind in known else []
        most = np.min([np.ones(len(item.snr_db)), *(one.accuracy for one in tighter)], axis=0)
        found[name] = replace(item, hit_rate=np.minimum(item.hit_rate, most)) if tighter else item
    return found


@dataclass(slots=True)
class Results:
    """What was measured so far, in a JSON file that is written whenever there is more."""

    path: Path
    found: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, settings: Mapping[str, Any]) -> "Results":
        """The results that are there, if they are of these settings."""
        asked = json.loads(json.dumps(settings))
        if not path.is_file():
            return cls(path, {"settings": asked})
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["settings"] != asked:
            raise SystemExit(f"{path} is of {found['settings']}; remove it to measure {asked}")
        return cls(path, found)

    def has(self, *keys: str) -> bool:
        """Whether a figure is there already."""
        inner: Any = self.found
        for key in keys:
            if key not in inner:
                return False
            inner = inner[key]
        return True

    def add(self, value: Any, *keys: str) -> None:
        """Put a figure in its place beside what another process wrote meanwhile, and write all."""
        with alone_with(self.path):
            if self.path.is_file():
                self.found = json.loads(self.path.read_text(encoding="utf-8"))
            inner = self.found
            for key in keys[:-1]:
                inner = inner.setdefault(key, {})
            inner[keys[-1]] = value
            write_results(self.path, self.found)


def write_results(path: Path, found: Any) -> None:
    """Write JSON whole or not at all."""
    beside = path.with_suffix(".partial")
    beside.write_text(dumped(found), encoding="utf-8")
    beside.replace(path)


def dumped(found: Any) -> str:
    """JSON in which a list of numbers is one line."""
    text = json.dumps(found, indent=1, allow_nan=False)
    numbers = re.compile(r"\[\s*(-?[\d.e+-]+(?:,\s*-?[\d.e+-]+)*)\s*\]")
    return numbers.sub(lambda row: "[" + re.sub(r"\s+", " ", row[1]) + "]", text) + "\n"


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Alone with a file; others wait. It is replaced when written, so the lock lies beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
