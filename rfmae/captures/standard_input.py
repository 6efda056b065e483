"""Recordings from a pipe: raw samples of a type and a rate that are told, or a WAV or `.npy`.

What comes is kept in a temporary file, so that memory holds no more than what is read of it.
"""

import shutil
import sys
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from rfmae.artefacts import disk_errors
from rfmae.captures.containers import is_npy, refuse_container
from rfmae.captures.npy import open_npy
from rfmae.captures.raw import open_raw
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.recording import Recording
from rfmae.captures.wav import is_wav, open_wav
from rfmae.captures.wav_chunks import MAGIC
from rfmae.errors import CaptureError

STANDARD_INPUT = Path("-")
"""The name of standard input among recordings."""

_HEAD = 12  # bytes that tell a WAV and a .npy from bare samples
_NUMPY = b"\x93NUMPY"


def open_standard_input(read_options: ReadOptions) -> Recording:
    """The recording that comes through a pipe, up to its end.

    Raises:
        CaptureError: A terminal, an empty pipe, raw samples without a type and a rate.
    """
    source = piped_bytes()
    head = source.read(_HEAD)
    if not head:
        raise CaptureError("standard input holds no samples; it is empty")
    if not (_begins_as_wav(head) or head.startswith(_NUMPY)):
        require_type_and_rate(read_options)
    folder = Path(tempfile.mkdtemp(prefix="rfmae-"))
    try:
        kept = folder / "samples"
        with disk_errors(kept), kept.open("wb") as file:
            file.write(head)
            shutil.copyfileobj(source, file)
        recording = replace(_open_kept(kept, read_options), path=STANDARD_INPUT)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(recording, shutil.rmtree, folder, ignore_errors=True)
    return recording


def piped_bytes() -> BinaryIO:
    """Standard input as bytes; a terminal, where nobody types samples, is refused."""
    if sys.stdin is None or sys.stdin.isatty():
        raise CaptureError(
            "standard input (-) is a terminal; pipe a recording into it, such as "
            "`rtl_sdr -f 433.9e6 - | rfmae classify - --dtype cu8 --sample-rate 2048000`"
        )
    return sys.stdin.buffer


def require_type_and_rate(read_options: ReadOptions) -> None:
    """Refuse raw samples of standard input, which has no name to tell its type, without both."""
    given = {"--dtype": read_options.datatype, "--sample-rate": read_options.sample_rate_hz}
    missing = " and ".join(name for name, value in given.items() if value is None)
    if missing:
        raise CaptureError(
            f"raw samples on standard input state neither their type nor their rate; name "
            f"{missing}, such as --dtype ci16 --sample-rate 1e6"
        )


def _begins_as_wav(head: bytes) -> bool:
    return head[:4] in MAGIC and head[8:] == b"WAVE"


def _open_kept(kept: Path, read_options: ReadOptions) -> Recording:
    try:
        if is_wav(kept):
            return open_wav(kept, read_options)
        if is_npy(kept):
            return open_npy(kept, read_options)
        refuse_container(kept)
        return open_raw(kept, read_options)
    except CaptureError as problem:
        raise CaptureError(str(problem).replace(str(kept), "standard input")) from problem
