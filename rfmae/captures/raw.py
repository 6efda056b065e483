"""Raw recordings: files of samples without metadata of their type and rate."""

from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Capture
from rfmae.captures.sample_files import Piece, Span, read_pieces, whole_samples
from rfmae.captures.sample_types import SUFFIXES, SampleType, sample_type
from rfmae.errors import CaptureError


def read_raw(path: Path, read_options: ReadOptions) -> Capture:
    """Read interleaved I and Q of the type and rate that are given.

    Where the suffix names the type, such as `.cs16`, the type need not be given.
    """
    kind = _sample_type(path, read_options)
    if read_options.sample_rate_hz is None:
        raise CaptureError(f"a raw file does not state its sample rate; name --rate for {path}")
    n_bytes = path.stat().st_size
    available = whole_samples(path, n_bytes, kind)
    pieces = (Piece(start=0, count=available, byte=0),)
    return Capture(
        iq=read_pieces(Span(path, 0, n_bytes), pieces, kind, read_options.part(path, available)),
        sample_rate_hz=float(read_options.sample_rate_hz),
        path=path,
        datatype=kind.name,
    )


def _sample_type(path: Path, read_options: ReadOptions) -> SampleType:
    named = read_options.datatype or SUFFIXES.get(path.suffix.lower())
    if named is None:
        raise CaptureError(
            f"a raw file states neither sample type nor rate; name --dtype and --rate for {path}, "
            "such as --dtype ci16 --rate 1e6"
        )
    return sample_type(named)
