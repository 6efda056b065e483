"""Reading of recordings of any supported format into a checked capture."""

from pathlib import Path

from rfmae.captures.containers import is_npy, refuse_container
from rfmae.captures.npy import open_npy
from rfmae.captures.raw import open_raw
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Annotation, Capture, Segment
from rfmae.captures.recording import Recording
from rfmae.captures.sample_types import DATATYPES
from rfmae.captures.sigmf_archives import is_archive, open_archive
from rfmae.captures.sigmf_collections import SUFFIX as COLLECTION
from rfmae.captures.sigmf_collections import recordings_of, the_recording_of
from rfmae.captures.sigmf_reading import meta_of, open_pair
from rfmae.captures.standard_input import STANDARD_INPUT, open_standard_input
from rfmae.captures.wav import is_wav, open_wav
from rfmae.errors import CaptureError

__all__ = [
    "DATATYPES",
    "Annotation",
    "Capture",
    "Recording",
    "Segment",
    "open_recording",
    "read_capture",
    "read_recording",
    "read_sigmf",
    "recordings_of",
]


def read_capture(
    path: str | Path,
    *,
    datatype: str | None = None,
    sample_rate_hz: float | None = None,
    first_sample: int = 0,
    count: int | None = None,
    channel: int | None = None,
    analytic: bool = False,
) -> Capture:
    """Read a SigMF recording, a WAV, a `.npy` or a raw file, or a part of it.

    A path that ends in `.sigmf-meta`, `.sigmf-data`, `.sigmf`, `.sigmf.gz`, `.sigmf.xz`,
    `.sigmf.zip` or `.sigmf-collection` is in SigMF, one that ends in `.wav` or begins as one is a
    WAV, one that begins as one is a `.npy`, and everything else is raw, unless it begins as another
    kind of file. `-` is standard input. Of a part no more than the part is brought to memory, and
    the checksum, which is of the whole, is not verified.

    Args:
        path: The recording.
        datatype: Sample type of a raw file by its name in SigMF or an alias, such as `cs16`.
        sample_rate_hz: Sample rate in Hz, where the file states none.
        first_sample: Where to begin.
        count: Samples to read; None reads to the end.
        channel: Which of several channels, from 0.
        analytic: Make real samples complex: their analytic signal, at the same rate.

    Returns:
        The capture: `iq` complex64 (T,), integers scaled to ±1; `sample_rate_hz`, `annotations`.

    Raises:
        CaptureError: A file that is missing, damaged, of another kind or contradicts itself.

    Examples:
        >>> path = write_sigmf("tone", np.exp(0.1j * np.arange(100)), sample_rate_hz=1e6)
        >>> read_capture(path, first_sample=10, count=20).iq.shape
        (20,)
    """
    return read_recording(
        Path(path),
        ReadOptions(datatype, sample_rate_hz, first_sample, count, channel, analytic),
    )


def read_recording(path: Path, read_options: ReadOptions) -> Capture:
    """`read_capture` with its options as one record."""
    recording = open_recording(path, read_options)
    part = read_options.part(path, recording.samples)
    return recording.capture(part, keep_non_finite=read_options.keep_non_finite)


def open_recording(path: Path, read_options: ReadOptions) -> Recording:
    """A recording with its facts, whose samples are read when they are asked for.

    The part that the options name is left to the caller.
    """
    if path == STANDARD_INPUT:
        return open_standard_input(read_options)
    _refuse_missing(path)
    if path.suffix == COLLECTION:
        path = the_recording_of(path)
    if path.suffix == ".sigmf-meta":
        return open_pair(path, path, read_options)
    if path.suffix == ".sigmf-data":
        return open_pair(path, meta_of(path), read_options)
    if is_archive(path):
        return open_archive(path, read_options)
    if is_wav(path):
        return open_wav(path, read_options)
    if is_npy(path):
        return open_npy(path, read_options)
    refuse_container(path)
    return open_raw(path, read_options)


def read_sigmf(path: str | Path) -> Capture:
    """Read a SigMF recording given its `.sigmf-meta`, with its checksum where one is stated.

    Args:
        path: The `.sigmf-meta` file.

    Returns:
        The capture: `iq` complex64 (T,), integers scaled to ±1; `annotations`, `labels`.

    Raises:
        CaptureError: Metadata that are invalid, or do not fit the data file.

    Examples:
        >>> path = write_sigmf("tone", np.exp(0.1j * np.arange(100)), sample_rate_hz=1e6)
        >>> read_sigmf(path).sample_rate_hz
        1000000.0
    """
    path = Path(path)
    if path.suffix != ".sigmf-meta":
        raise CaptureError(f"a SigMF recording is named by its .sigmf-meta file, got {path}")
    recording = open_pair(path, path, ReadOptions())
    return recording.capture(range(recording.samples))


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise CaptureError(f"no recording {path}")
    if path.stat().st_size == 0 and path.suffix != ".sigmf-meta":
        raise CaptureError(f"{path} holds no samples; the file is empty")
