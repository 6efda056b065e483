"""Writing of SigMF: a recording as a pair of files, and a data set split as one recording.

Fields that SigMF does not define are in the optional namespace `rfmae`.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TextIO

import numpy as np

from rfmae.artefacts import Card, disk_errors
from rfmae.captures.record import Annotation
from rfmae.captures.sigmf_files import (
    NAMESPACE,
    Fields,
    free_fields,
    global_fields,
    pair_written_whole,
    write_metadata,
)
from rfmae.errors import CaptureError, ShapeError
from rfmae.records import ComplexArray, FloatArray, IqBatch


def write_sigmf(
    path: str | Path,
    iq: ComplexArray,
    *,
    sample_rate_hz: float,
    annotations: Sequence[Annotation] = (),
    centre_frequency_hz: float = math.nan,
    description: str = "",
    author: str = "",
    extras: Mapping[str, Any] | None = None,
) -> Path:
    """Write I/Q as `.sigmf-meta` and `.sigmf-data` (cf32_le), both or neither.

    Args:
        path: Name with either suffix or none; files that exist are refused.
        iq: Finite complex samples (T,).
        sample_rate_hz: Sample rate in Hz.
        annotations: Marked parts, such as the modulation of each.
        centre_frequency_hz: Carrier in Hz; NaN states none.
        description: Free text.
        author: Free text.
        extras: Further fields of the global part, such as `core:hw` or `rfmae:...`.

    Returns:
        The path of the metadata.

    Raises:
        CaptureError: Samples that are not complex, finite and (T,), or a file that exists.

    Examples:
        >>> write_sigmf("tone", np.exp(0.1j * np.arange(100)), sample_rate_hz=1e6).name
        'tone.sigmf-meta'
    """
    iq = _checked(iq, path)
    described = {"core:description": description, "core:author": author}
    stated = {key: value for key, value in described.items() if value} | free_fields(extras or {})
    capture = {"core:frequency": centre_frequency_hz} if _known(centre_frequency_hz) else {}
    marks = [_mark_fields(mark, len(iq), centre_frequency_hz) for mark in _in_order(annotations)]
    with disk_errors(Path(path)), pair_written_whole(path) as pair:
        data = iq.view(np.uint8).data
        pair.data.write_bytes(data)
        checksum = hashlib.sha512(data).hexdigest()
        stated = global_fields(sample_rate_hz, stated, checksum)
        write_metadata(pair.meta, stated, capture, map(_line, marks), example=marks)
    return pair.final_meta


class SigmfSplitWriter:
    """One split in one view as one recording: examples end to end, an annotation for each.

    A context manager, which leaves `SPLIT-VIEW.sigmf-meta` and `SPLIT-VIEW.sigmf-data` in the
    folder when its block succeeds and nothing when it does not. Samples and annotations are
    written at once, so that memory does not grow with the examples. An annotation holds the class
    in `core:label`, the SNR in `rfmae:snr_db` and `rfmae:snr_reference`, and the
    channel effects in `rfmae:NAME`; a value that is not finite is left out.
    """

    def __init__(
        self, folder: Path, split: str, *, sample_rate_hz: float, card: Card, view: str
    ) -> None:
        self._stem = folder / f"{split}-{view}"
        self._sample_rate_hz = sample_rate_hz
        self._stated = _split_fields(split, card, view)
        self._checksum = hashlib.sha512()
        self._samples = 0
        self._first: list[Fields] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._pair = stack.enter_context(pair_written_whole(self._stem))
            self._data: BinaryIO = stack.enter_context(self._pair.data.open("wb"))
            self._marks: TextIO = stack.enter_context(self._pair.marks.open("w", encoding="utf-8"))
            self._stack = stack.pop_all()
        return self

    def append(self, batch: IqBatch, sampled: Mapping[str, FloatArray]) -> None:
        """Add examples, and the random channel effects (N,) of each."""
        for name, values in sampled.items():
            if np.shape(values) != (len(batch),):
                raise ShapeError(f"{name} must have shape ({len(batch)},), got {np.shape(values)}")
        data = _checked(batch.iq.reshape(-1), self._stem).view(np.uint8).data
        self._data.write(data)
        self._checksum.update(data)
        for fields in _example_fields(batch, sampled, self._samples):
            self._first = self._first or [fields]
            self._marks.write(f"{_line(fields)}\n")
        self._samples += batch.iq.size

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, traceback)
            return
        with self._stack:
            self._finish()

    def _finish(self) -> None:
        if not self._samples:
            raise CaptureError(f"{self._stem} has no examples to write")
        self._marks.flush()
        stated = global_fields(self._sample_rate_hz, self._stated, self._checksum.hexdigest())
        with self._pair.marks.open(encoding="utf-8") as lines:
            bare = (line.rstrip("\n") for line in lines)
            write_metadata(self._pair.meta, stated, {}, bare, example=self._first)


def _split_fields(split: str, card: Card, view: str) -> Fields:
    about = f"{card['name']}, {split}, {view}. {card.get('about', '')}"
    return {
        "core:description": about.rstrip(),
        f"{NAMESPACE}:name": card["name"],
        f"{NAMESPACE}:recipe": card["fingerprint"],
        f"{NAMESPACE}:split": split,
        f"{NAMESPACE}:view": view,
        f"{NAMESPACE}:classes": list(card["classes"]),
    }


def _example_fields(
    batch: IqBatch, sampled: Mapping[str, FloatArray], start: int
) -> Iterator[Fields]:
    """The annotation of every example of a batch whose first sample has the number `start`."""
    count = batch.iq.shape[1]
    numbers = {"snr_db": batch.snr_db, **sampled}
    values = {f"{NAMESPACE}:{name}": np.asarray(row).tolist() for name, row in numbers.items()}
    for row, label in enumerate(batch.label):
        yield {
            "core:sample_start": start + row * count,
            "core:sample_count": count,
            "core:label": batch.classes[label],
            "core:generator": NAMESPACE,
            f"{NAMESPACE}:snr_reference": batch.snr_reference,
            **{name: column[row] for name, column in values.items() if _known(column[row])},
        }


def _mark_fields(mark: Annotation, samples: int, centre_hz: float) -> Fields:
    if mark.start + mark.count > samples:
        raise CaptureError(
            f"annotations must lie in the {samples} samples, got samples {mark.start} "
            f"to {mark.start + mark.count - 1}"
        )
    if _known(mark.low_hz) != _known(mark.high_hz):
        raise CaptureError(
            "an annotation states both its edges or neither, "
            f"got low_hz {mark.low_hz:g} and high_hz {mark.high_hz:g}"
        )
    fields: Fields = {"core:sample_start": mark.start, "core:sample_count": mark.count}
    if _known(mark.low_hz):
        # at radio frequency where the centre is known, at baseband elsewhere
        centre_hz = centre_hz if _known(centre_hz) else 0.0
        fields["core:freq_lower_edge"] = mark.low_hz + centre_hz
        fields["core:freq_upper_edge"] = mark.high_hz + centre_hz
    texts = {"core:label": mark.label, "core:comment": mark.comment}
    return fields | {name: text for name, text in texts.items() if text}


def _in_order(annotations: Sequence[Annotation]) -> list[Annotation]:
    return sorted(annotations, key=lambda mark: mark.start)


def _line(fields: Fields) -> str:
    return json.dumps(fields, allow_nan=False)


def _known(value: float) -> bool:
    return math.isfinite(value)


def _checked(iq: ComplexArray, path: str | Path) -> ComplexArray:
    """I/Q (T,) as it is written; empty or non-finite samples are refused."""
    if iq.ndim != 1 or not np.iscomplexobj(iq):
        raise ShapeError(f"iq must be complex of shape (T,), got {iq.dtype} {iq.shape}")
    if not iq.size:
        raise CaptureError(f"a recording must have samples, got none for {path}")
    with np.errstate(over="ignore"):  # beyond single precision is infinite
        iq = np.ascontiguousarray(iq, "<c8")
    if not np.isfinite(iq).all():
        raise CaptureError(f"I/Q must be finite, but what was given for {path} is not")
    return iq
