"""Raw recordings: nothing but samples in a file, which says neither their type nor their rate."""

from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Capture
from rfmae.captures.sample_files import Piece, Span, read_pieces, whole_samples
from rfmae.captures.sample_types import SUFFIXES, SampleType, sample_type
from rfmae.errors import CaptureError


def read_raw(path: Path, asked: ReadOptions) -> Capture:
    """Read interleaved I and Q of the type and rate that are given.

    Where the name ends by custom in its type, such as `.cs16`, the type need not be given.
    """
    kind = _sample_type(path, asked)
    if asked.sample_rate_hz is None:
        raise CaptureError(f"a raw file does not state its sample rate; name --rate for {path}")
    octets = path.stat().st_size
    available = whole_samples(path, octets, kind)
    pieces = (Piece(start=0, count=available, byte=0),)
    return Capture(
        iq=read_pieces(Span(path, 0, octets), pieces, kind, asked.part(path, available)),
        sample_rate_hz=float(asked.sample_rate_hz),
        path=path,
        datatype=kind.name,
    )


def _sample_type(path: Path, asked: ReadOptions) -> SampleType:
    named = asked.datatype or SUFFIXES.get(path.suffix.lower())
    if named is None:
        raise CaptureError(
            f"a raw file states neither sample type nor rate; name --dtype and --rate for {path}, "
            "such as --dtype ci16 --rate 1e6"
        )
    return sample_type(named)
