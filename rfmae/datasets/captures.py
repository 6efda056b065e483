"""Recordings: SigMF files into a capture that can be trusted."""

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.errors import CaptureError, nearest
from rfmae.records import ComplexArray

DATATYPES = {
    "cf32_le": 8,
    "cf32_be": 8,
    "cf64_le": 16,
    "cf64_be": 16,
    "ci16_le": 4,
    "ci16_be": 4,
    "ci8": 2,
    "cu8": 2,
}
"""SigMF data types that can be read, with their bytes per complex sample."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A recording of one channel of complex baseband."""

    iq: ComplexArray  # (T,)
    sample_rate_hz: float
    labels: tuple[str, ...]  # core:label of its annotations, where it has some
    path: Path

    def __post_init__(self) -> None:
        if self.iq.size == 0:
            raise CaptureError(f"{self.path} holds no samples")
        bad = int(np.count_nonzero(~np.isfinite(self.iq)))
        if bad:
            raise CaptureError(
                f"I/Q must be finite, but {self.path} holds {bad} NaN or infinite samples "
                f"of {self.iq.size}"
            )


def read_sigmf(path: str | Path) -> Capture:
    """Read a SigMF recording given its `.sigmf-meta`, refusing one that breaks its own promises.

    Checked are the data type, the presence and length of the data file, and the sha512 where the
    metadata state one. Fixed-point samples are scaled to ±1.
    """
    path = Path(path)
    meta = _read_meta(path)
    rate_hz = _sample_rate(path, meta)
    data = _data_file(path, meta)
    _check_length(path, data, meta)
    labels = {item.get("core:label") for item in _parts(path, meta, "annotations")} - {None}
    return Capture(
        iq=_samples(path, data, meta),
        sample_rate_hz=rate_hz,
        labels=tuple(sorted(str(label) for label in labels)),
        path=path,
    )


def _samples(path: Path, data: Path, meta: dict[str, Any]) -> ComplexArray:
    """All samples, once the checksum holds."""
    from sigmf import SigMFFile, error  # slow to import and needed here alone

    try:
        # values beyond float32 become infinite, which the capture then refuses
        with np.errstate(over="ignore"), warnings.catch_warnings(action="ignore"):
            recording = SigMFFile(metadata=meta, data_file=data, skip_checksum=False)
            return np.asarray(recording.read_samples(), np.complex64)
    except error.SigMFFileError as problem:
        raise CaptureError(
            f"{data} does not have the core:sha512 that {path.name} states; "
            f"the recording was changed or damaged ({_first_line(problem)})"
        ) from problem
    except (error.SigMFError, ValueError, TypeError, KeyError, OSError) as problem:
        raise CaptureError(f"{path} is not a valid SigMF recording: {problem}") from problem


def _read_meta(path: Path) -> dict[str, Any]:
    if path.suffix != ".sigmf-meta":
        raise CaptureError(f"a SigMF recording is named by its .sigmf-meta file, got {path}")
    if not path.is_file():
        raise CaptureError(f"no recording {path}")
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CaptureError(f"{path} must hold JSON, but does not parse: {error}") from error
    if not isinstance(meta, dict) or not isinstance(meta.get("global"), dict):
        raise CaptureError(f"{path} must hold a SigMF object with a 'global' part")
    if meta["global"].get("core:num_channels", 1) != 1:
        raise CaptureError(
            f"a recording must have one channel, {path} has {meta['global']['core:num_channels']}"
        )
    return meta


def _sample_rate(path: Path, meta: dict[str, Any]) -> float:
    rate = meta["global"].get("core:sample_rate", 1.0)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < math.inf:
        raise CaptureError(f"core:sample_rate of {path.name} must be positive, got {rate!r}")
    return float(rate)


def _data_file(path: Path, meta: dict[str, Any]) -> Path:
    named = meta["global"].get("core:dataset")
    if named is not None and Path(str(named)).name != named:
        raise CaptureError(f"core:dataset of {path.name} must be a file name, got {named!r}")
    data = path.with_name(named) if named else path.with_suffix(".sigmf-data")
    if not data.is_file():
        raise CaptureError(
            f"the data file {data} of {path.name} is missing; put it beside the meta"
        )
    return data


def _datatype(path: Path, meta: dict[str, Any]) -> str:
    datatype = str(meta["global"].get("core:datatype", ""))
    if datatype not in DATATYPES:
        raise CaptureError(
            f"core:datatype of {path.name} must be a complex type, got {datatype!r}; "
            f"{nearest(datatype, DATATYPES)}"
        )
    return datatype


def _parts(path: Path, meta: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The captures or annotations, each with a whole number of samples to start at."""
    parts = meta.get(name, [])
    if not isinstance(parts, list) or not all(
        isinstance(part, dict) and _is_count(part.get("core:sample_start")) for part in parts
    ):
        raise CaptureError(
            f"{name} of {path.name} must be a list of objects with a core:sample_start, got {parts}"
        )
    return parts


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _check_length(path: Path, data: Path, meta: dict[str, Any]) -> None:
    """Whole samples, and as many as captures and annotations reach over."""
    datatype = _datatype(path, meta)
    width, octets = DATATYPES[datatype], data.stat().st_size
    if octets == 0:
        raise CaptureError(f"{data} holds no samples")
    if octets % width:
        raise CaptureError(
            f"{data} must hold whole {datatype} samples of {width} bytes, got {octets} bytes; "
            "it was cut short"
        )
    ends = [part["core:sample_start"] + 1 for part in _parts(path, meta, "captures")]
    for part in _parts(path, meta, "annotations"):
        count = part.get("core:sample_count", 0)
        if not _is_count(count):
            raise CaptureError(
                f"core:sample_count of the annotations of {path.name} must be a whole number, "
                f"got {count!r}"
            )
        ends.append(part["core:sample_start"] + count)
    # a recording may be a piece of a longer one, whose samples are counted from its beginning
    reach = max(ends, default=0) - int(meta["global"].get("core:offset", 0))
    if octets // width < reach:
        raise CaptureError(
            f"{data} must hold the {reach} samples that its metadata describe, "
            f"got {octets // width}; it was cut short"
        )


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]
