"""Raw recordings: files of samples without metadata of their type and rate."""

import math
from pathlib import Path

from rfmae.captures.file_names import Named, stated_by_name
from rfmae.captures.likely_types import contested_type, likely_types, looked_at, settled_type
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Segment
from rfmae.captures.recording import Recording
from rfmae.captures.sample_files import Piece, Span, frames_of, read_pieces, whole_samples
from rfmae.captures.sample_types import (
    CONTESTED,
    REAL_SUFFIXES,
    REAL_TYPES,
    SAMPLE_TYPES,
    SUFFIXES,
    SampleType,
    sample_type,
)
from rfmae.errors import CaptureError

_NOTHING = Named("")


def open_raw(path: Path, read_options: ReadOptions) -> Recording:
    """A file of interleaved I and Q of the type and rate that are given.

    A suffix such as `.cs16` names the type; one that different programs use for different types,
    such as `.iq`, does not, and there the bytes must settle it. A name in the form of a program
    that is known states the rate (see `file_names`); the notes of the capture say so.
    """
    named = stated_by_name(path) or _NOTHING
    kind, notes = _sample_type(path, read_options, named)
    rate_hz = read_options.sample_rate_hz
    if rate_hz is None and not math.isnan(named.rate_hz):
        rate_hz = named.rate_hz
        notes = (
            *notes,
            f"sample rate {rate_hz:,.12g} Hz by the name of the file ({named.program})",
        )
    if rate_hz is None:
        rate_hz = read_options.rate_unstated_hz
    if rate_hz is None:
        raise CaptureError(f"a raw file does not state its sample rate; name --rate for {path}")
    n_bytes = path.stat().st_size
    frames = frames_of(path, kind, read_options)
    available = whole_samples(path, n_bytes, frames)
    pieces = (Piece(start=0, count=available, byte=0),)
    span = Span(path, 0, n_bytes)
    return Recording(
        path=path,
        samples=available,
        sample_rate_hz=float(rate_hz),
        datatype=kind.name,
        read=lambda part: read_pieces(span, pieces, frames, part),
        segments=lambda _: (Segment(0, named.centre_hz),),
        notes=notes,
    )


def _type_of_suffix(suffix: str) -> str | None:
    """The type that a suffix names: one of the programs that are known, or any name of SigMF."""
    name = suffix[1:]
    known = {**SAMPLE_TYPES, **REAL_TYPES}
    own = (each for each in (name, f"{name}_le") if each in known)
    return SUFFIXES.get(suffix) or next(own, None)


def _sample_type(
    path: Path, read_options: ReadOptions, named: Named
) -> tuple[SampleType, tuple[str, ...]]:
    """The type that is given, or that suffix, name or bytes settle, and how it was settled."""
    given = read_options.datatype or _type_of_suffix(path.suffix.lower()) or named.datatype
    if given:
        return sample_type(given), ()
    sample = looked_at(path)
    suffix = path.suffix.lower()
    if suffix in REAL_SUFFIXES:
        raise CaptureError(
            f"{path.suffix} names real samples in some programs and I/Q in others; name --dtype "
            f"for {path}, such as --dtype r{suffix[1:].replace('s', 'i')} or --dtype cf32"
        )
    if suffix in CONTESTED:
        settled = contested_type(sample, *CONTESTED[suffix])
    else:
        settled = settled_type(sample)
    if settled is not None:
        return sample_type(settled), (f"read as {settled} by its values",)
    likely = " or ".join(likely_types(sample))
    raise CaptureError(
        f"a raw file {path.suffix or 'without suffix'} does not state its sample type; name "
        f"--dtype and --rate for {path}, such as --dtype ci16 --rate 1e6; it is likely {likely}"
    )
