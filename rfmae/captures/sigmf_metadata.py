"""The metadata of a SigMF recording, parsed and checked."""

import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Annotation, Segment
from rfmae.captures.sample_types import DATATYPES, REAL_TYPES, SAMPLE_TYPES, SampleType
from rfmae.errors import CaptureError, nearest
from rfmae.plain import shown

_LARGEST_HZ = 1e12  # of the schema
_LONGEST_NAME = 255  # bytes of a file's name


@dataclass(frozen=True, slots=True)
class SigmfMetadata:
    """The three parts of the metadata, by the names of the standard."""

    path: Path
    stated: dict[str, Any]  # the global part
    captures: list[dict[str, Any]]  # ascending by their first sample
    annotations: list[dict[str, Any]]

    @property
    def channels(self) -> int:
        """The number of channels, whose samples take turns."""
        channels: Any = self.stated.get("core:num_channels", 1)
        if not _is_count(channels) or not channels:
            raise CaptureError(
                f"core:num_channels of {self.path.name} must be a whole number from 1, "
                f"got {shown(channels)}"
            )
        return int(channels)

    @property
    def kind(self) -> SampleType:
        datatype = str(self.stated.get("core:datatype", ""))
        kind = SAMPLE_TYPES.get(datatype) or REAL_TYPES.get(datatype)
        if kind is None:
            raise CaptureError(
                f"core:datatype of {self.path.name} must be a type of SigMF, got "
                f"{shown(datatype)}; {nearest(datatype, [*DATATYPES, *REAL_TYPES])}"
            )
        return kind

    def sample_rate_hz(self, read_options: ReadOptions) -> float:
        """The stated rate; where none is, the one that was given, or 1."""
        if "core:sample_rate" not in self.stated:
            return float(read_options.sample_rate_hz or read_options.rate_unstated_hz or 1.0)
        rate: Any = self.stated["core:sample_rate"]
        if not _is_number(rate) or rate <= 0:
            raise CaptureError(
                f"core:sample_rate of {self.path.name} must be positive, got {shown(rate)}"
            )
        return read_options.rate(self.path, float(rate))

    @property
    def first(self) -> int:
        """The number of the first sample: a recording may be a piece of a longer one."""
        return _count(self.path, self.stated, "core:offset")

    @property
    def trailing_bytes(self) -> int:
        return _count(self.path, self.stated, "core:trailing_bytes")

    @property
    def dataset(self) -> str | None:
        """The name of a data file that differs from that of the metadata."""
        named = self.stated.get("core:dataset")
        if named is not None and not _is_file_name(named):
            raise CaptureError(
                f"core:dataset of {self.path.name} must be a file name, got {shown(named)}"
            )
        return named or None

    def chunks(self) -> list[tuple[int, int]]:
        """First sample, counted from that of the file, and header bytes of every capture."""
        return [
            (
                max(item["core:sample_start"] - self.first, 0),
                _count(self.path, item, "core:header_bytes"),
            )
            for item in self.captures
        ]

    def reach(self) -> int:
        """The number of samples that captures and annotations require."""
        ends = [item["core:sample_start"] + 1 for item in self.captures]
        for item in self.annotations:
            counted = _count(self.path, item, "core:sample_count", " of the annotations")
            ends.append(item["core:sample_start"] + counted)
        return max(ends, default=0) - self.first

    def segments(self, part: range) -> tuple[Segment, ...]:
        """The captures that a part of the samples lies in, counted from its first sample."""
        begun = [start <= part.start for start, _ in self.chunks()].count(True)
        inside = [
            Segment(
                max(start - part.start, 0),
                _frequency(self.path, item, "core:frequency"),
                str(item.get("core:datetime") or ""),
            )
            for (start, _), item in zip(self.chunks(), self.captures, strict=True)
            if start < part.stop
        ]
        # of several that begin before the part, the last applies
        return tuple(inside[max(begun - 1, 0) :]) or (Segment(0),)

    def marks(self, part: range, available: int) -> tuple[Annotation, ...]:
        """The annotations of a part of the samples, cut to it and counted from its first."""
        segments = self.segments(range(available))
        starts = [segment.start for segment in segments]
        marks = []
        for item in self.annotations:
            start = item["core:sample_start"] - self.first
            # without a count it extends to the end of its capture
            index = bisect_right(starts, max(start, 0))
            end = starts[index] if index < len(starts) else available
            stop = start + item.get("core:sample_count", end - start)
            start, stop = max(start, part.start), min(stop, part.stop)
            if start <= stop and (start < stop or item.get("core:sample_count") == 0):
                centre_hz = segments[index - 1].centre_frequency_hz if index else math.nan
                marks.append(self._mark(item, start - part.start, stop - start, centre_hz))
        return tuple(marks)

    def _mark(self, item: dict[str, Any], start: int, count: int, centre_hz: float) -> Annotation:
        # edges are stated at radio frequency where the centre is known, at baseband elsewhere
        centre_hz = 0.0 if math.isnan(centre_hz) else centre_hz
        return Annotation(
            start,
            count,
            label=_text(item, "core:label"),
            low_hz=_frequency(self.path, item, "core:freq_lower_edge") - centre_hz,
            high_hz=_frequency(self.path, item, "core:freq_upper_edge") - centre_hz,
            comment=_text(item, "core:comment"),
            snr_db=_decibels(item.get("rfmae:snr_db")),
        )


def parse_metadata(path: Path, data: bytes) -> SigmfMetadata:
    """The metadata that a file holds; `path` is its name in errors."""
    try:
        meta = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CaptureError(f"{path} must hold JSON, but does not parse: {error}") from error
    if not isinstance(meta, dict) or not isinstance(meta.get("global"), dict):
        raise CaptureError(f"{path} must hold a SigMF object with a 'global' part")
    captures = _parts(path, meta, "captures")
    return SigmfMetadata(
        path,
        stated=meta["global"],
        captures=sorted(captures, key=lambda item: item["core:sample_start"]),
        annotations=_parts(path, meta, "annotations"),
    )


def _parts(path: Path, meta: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The captures or annotations, each with a whole number of samples to start at."""
    parts = meta.get(name, [])
    if not isinstance(parts, list):
        raise CaptureError(f"{name} of {path.name} must be a list, got {shown(parts)}")
    for part in parts:
        if not isinstance(part, dict) or not _is_count(part.get("core:sample_start")):
            raise CaptureError(
                f"{name} of {path.name} must be a list of objects with a core:sample_start, "
                f"got {shown(part)}"
            )
    return parts


def _count(path: Path, fields: dict[str, Any], name: str, where: str = "") -> int:
    value = fields.get(name, 0)
    if not _is_count(value):
        raise CaptureError(
            f"{name}{where} of {path.name} must be a whole number, got {shown(value)}"
        )
    return value


def _frequency(path: Path, fields: dict[str, Any], name: str) -> float:
    """A frequency in Hz, nan where it is not stated."""
    value = fields.get(name)
    if value is None:
        return math.nan
    if not _is_number(value):
        raise CaptureError(f"{name} of {path.name} must be a frequency in Hz, got {shown(value)}")
    return float(value)


def _decibels(value: Any) -> float:
    """An SNR in dB, nan where none is stated: the standard has no field for it."""
    return float(value) if _is_number(value) else math.nan


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def _is_file_name(value: Any) -> bool:
    """Whether a value names a file in the same folder; no name is longer than 255 bytes."""
    if not isinstance(value, str) or Path(value).name != value or "\0" in value:
        return False
    return value != ".." and len(value.encode(errors="replace")) <= _LONGEST_NAME


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(value) <= _LARGEST_HZ
