"""Recordings: SigMF files into a capture that can be trusted."""

import json
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
    data = _data_file(path, meta)
    datatype = _datatype(path, meta)
    _check_length(data, datatype, meta)
    from sigmf import SigMFFile, error  # slow to import and needed here alone

    try:
        recording = SigMFFile(metadata=meta, data_file=data, skip_checksum=False)
        iq = np.asarray(recording.read_samples(), np.complex64)
    except error.SigMFFileError as problem:
        raise CaptureError(
            f"{data} does not have the core:sha512 that {path.name} states; "
            f"the recording was changed or damaged ({_first_line(problem)})"
        ) from problem
    except (error.SigMFError, ValueError, OSError) as problem:
        raise CaptureError(f"{path} is not a valid SigMF recording: {problem}") from problem
    labels = {item.get("core:label") for item in meta.get("annotations", [])} - {None}
    return Capture(
        iq=iq,
        sample_rate_hz=float(meta["global"].get("core:sample_rate", 1.0)),
        labels=tuple(sorted(str(label) for label in labels)),
        path=path,
    )


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


def _data_file(path: Path, meta: dict[str, Any]) -> Path:
    named = meta["global"].get("core:dataset")
    data = path.with_name(str(named)) if named else path.with_suffix(".sigmf-data")
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


def _check_length(data: Path, datatype: str, meta: dict[str, Any]) -> None:
    """Whole samples, and as many as captures and annotations reach over."""
    width, octets = DATATYPES[datatype], data.stat().st_size
    if octets == 0:
        raise CaptureError(f"{data} holds no samples")
    if octets % width:
        raise CaptureError(
            f"{data} must hold whole {datatype} samples of {width} bytes, got {octets} bytes; "
            "it was cut short"
        )
    parts = [*meta.get("captures", []), *meta.get("annotations", [])]
    reach = max(
        (int(p.get("core:sample_start", 0)) + int(p.get("core:sample_count", 0)) for p in parts),
        default=0,
    )
    if octets // width < reach:
        raise CaptureError(
            f"{data} must hold the {reach} samples that its metadata describe, "
            f"got {octets // width}; it was cut short"
        )


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]
