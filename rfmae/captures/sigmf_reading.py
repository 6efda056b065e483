"""Reading of SigMF recordings: JSON metadata beside a data file."""

import hashlib
from itertools import pairwise
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.recording import Recording
from rfmae.captures.sample_files import (
    Frames,
    Piece,
    Span,
    frames_of,
    read_pieces,
    whole_samples,
)
from rfmae.captures.sigmf_metadata import SigmfMetadata, parse_metadata
from rfmae.errors import CaptureError

_CHUNK = 2 * 1024 * 1024  # bytes that are hashed at once


def meta_of(data: Path) -> Path:
    """The metadata beside a `.sigmf-data` file."""
    meta = data.with_suffix(".sigmf-meta")
    if not meta.is_file():
        raise CaptureError(
            f"the metadata {meta} of {data.name} are missing; put them beside the data, "
            "or name --dtype and --rate for a copy that has another suffix"
        )
    return meta


def open_pair(path: Path, meta: Path, read_options: ReadOptions) -> Recording:
    """The recording that the file `meta` describes; `path` is its name in errors."""
    if not meta.is_file():
        raise CaptureError(f"no recording {meta}")
    try:
        described = parse_metadata(meta, meta.read_bytes())
    except OSError as error:
        raise CaptureError(f"{meta} cannot be read: {error}") from error
    data = _data_file(described)
    return open_described(path, described, Span(data, 0, data.stat().st_size), read_options)


def open_described(
    path: Path, meta: SigmfMetadata, span: Span, read_options: ReadOptions
) -> Recording:
    """The recording of checked metadata and of the bytes of its data."""
    read_options.refuse_datatype(path)
    rate_hz = meta.sample_rate_hz(read_options)
    frames = frames_of(path, meta.kind, read_options, meta.channels)
    pieces = _pieces(meta, span, frames)
    available = sum(piece.count for piece in pieces)
    return Recording(
        path=path,
        samples=available,
        sample_rate_hz=rate_hz,
        datatype=meta.kind.name,
        read=lambda part: read_pieces(span, pieces, frames, part),
        marks=lambda part: meta.marks(part, available),
        segments=meta.segments,
        verify=lambda: _check_sum(meta, span),
    )


def _data_file(meta: SigmfMetadata) -> Path:
    named = meta.dataset
    path = meta.path
    data = path.with_name(named) if named else path.with_suffix(".sigmf-data")
    if not data.is_file():
        raise CaptureError(
            f"the data file {data} of {path.name} is missing; put it beside the meta"
        )
    return data


def _pieces(meta: SigmfMetadata, span: Span, frames: Frames) -> list[Piece]:
    """The samples between the headers of the captures and before the trailing bytes."""
    chunks = meta.chunks()
    headers = sum(header for _, header in chunks)
    n_bytes = span.n_bytes - headers - meta.trailing_bytes
    available = whole_samples(span.name, n_bytes, frames)
    if available < meta.reach():
        raise CaptureError(
            f"{span.name} must hold the {meta.reach()} samples that its metadata describe, "
            f"got {available}; it was cut short"
        )
    pieces, skipped = [], 0
    for (start, header), (stop, _) in pairwise([(0, 0), *chunks, (available, 0)]):
        skipped += header
        if start < stop:
            pieces.append(Piece(start, stop - start, skipped + start * frames.n_bytes))
    return pieces


def _check_sum(meta: SigmfMetadata, span: Span) -> None:
    stated = meta.stated.get("core:sha512")
    if stated is not None and str(stated).lower() != _sha512(span):
        raise CaptureError(
            f"{span.name} does not have the core:sha512 that {meta.path.name} states; "
            "the recording was changed or damaged"
        )


def _sha512(span: Span) -> str:
    digest, left = hashlib.sha512(), span.n_bytes
    with span.path.open("rb") as file:
        file.seek(span.offset)
        while left and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
