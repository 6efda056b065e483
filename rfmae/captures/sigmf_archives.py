"""SigMF archives: a recording in a tar, read in place, or in a compressed tar or a zip.

The data of a compressed archive are unpacked to a temporary file, so that memory holds no more
than what is read of them.
"""

import lzma
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from rfmae.artefacts import disk_errors
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.recording import Recording
from rfmae.captures.sample_files import Span
from rfmae.captures.sigmf_metadata import SigmfMetadata, parse_metadata
from rfmae.captures.sigmf_reading import open_described
from rfmae.errors import CaptureError
from rfmae.plain import shown

ARCHIVES = (".sigmf", ".sigmf.gz", ".sigmf.xz", ".sigmf.zip")
"""How the names of archives end: a tar, a tar compressed by gzip or xz, and a zip."""

_LARGEST_METADATA = 2**28  # bytes; a member of more is no metadata
_AT_ONCE = 2**20
_DAMAGES = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(OSError, EOFError, NotImplementedError, RuntimeError),
)
_FORMS = {
    ".gz": "a tar compressed by gzip",
    ".xz": "a tar compressed by xz",
    ".zip": "a zip",
}


def is_archive(path: Path) -> bool:
    """Whether the name of a file is that of an archive."""
    return path.name.endswith(ARCHIVES)


def open_archive(path: Path, read_options: ReadOptions) -> Recording:
    """The one recording of an archive."""
    form = _FORMS.get(path.suffix, "an uncompressed tar")
    try:
        with _opened(path) as members:
            described = _metadata(path, members)
            member = _data_member(path, described, members)
            if member.span is not None:
                return open_described(path, described, member.span, read_options)
            return _open_unpacked(path, described, member, read_options)
    except _DAMAGES as problem:
        raise CaptureError(f"a SigMF archive is {form}, {path} is not: {problem}") from problem


@dataclass(frozen=True, slots=True)
class _Member:
    """A file of an archive; `span` is where its bytes lie in the archive, if they do."""

    open: Callable[[], IO[bytes] | None]
    span: Span | None = None
    sparse: bool = False


def _relative(path: Path, name: str) -> str:
    """The name of a file in an archive, `./` in front of it left out; one outside is refused."""
    plain = PurePosixPath(name)
    if plain.is_absolute() or ".." in plain.parts:
        raise CaptureError(
            f"an archive must hold relative names, {path} holds {shown(name)}; "
            "pack it again in the folder of the recording"
        )
    return str(plain)


@contextmanager
def _opened(path: Path) -> Iterator[dict[str, _Member]]:
    """The files of an archive by name."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield {
                _relative(path, item.filename): _Member(partial(archive.open, item))
                for item in archive.infolist()
                if not item.is_dir()
            }
        return
    plain = path.suffix == ".sigmf"
    mode = "r:" if plain else f"r:{path.suffix[1:]}"
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        yield {
            _relative(path, item.name): _Member(
                partial(tar.extractfile, item),
                Span(path, item.offset_data, item.size) if plain else None,
                item.sparse is not None,
            )
            for item in tar.getmembers()
            if item.isreg()
        }


def _metadata(path: Path, members: dict[str, _Member]) -> SigmfMetadata:
    found = sorted(name for name in members if name.endswith(".sigmf-meta"))
    if not found:
        raise CaptureError(f"{path} holds no .sigmf-meta")
    if len(found) > 1:
        raise CaptureError(
            f"an archive must hold one recording, {path} holds {', '.join(found)}; "
            "unpack it and name one"
        )
    member = members[found[0]]
    span = member.span
    if member.sparse or (span and span.offset + span.n_bytes > path.stat().st_size):
        raise CaptureError(f"{found[0]} in {path} ends too early; the archive was cut short")
    return parse_metadata(path / found[0], _content(path, found[0], member))


def _content(path: Path, name: str, member: _Member) -> bytes:
    """The bytes of a small file; memory grows with what is there, not with what is stated."""
    file, content = member.open(), bytearray()
    while file and (piece := file.read(_AT_ONCE)):
        content += piece
        if len(content) > _LARGEST_METADATA:
            raise CaptureError(f"{name} in {path} is too large for metadata")
    return bytes(content)


def _data_member(path: Path, meta: SigmfMetadata, members: dict[str, _Member]) -> _Member:
    inside = PurePosixPath(meta.path.relative_to(path))
    name = inside.with_name(meta.dataset or f"{inside.stem}.sigmf-data")
    member = members.get(str(name))
    if member is None:
        raise CaptureError(f"the data file {name} of {inside.name} is missing in {path}")
    if member.sparse:
        raise CaptureError(f"{name} is stored sparse in {path}; unpack it with `tar -xf`")
    return member


def _open_unpacked(
    path: Path, meta: SigmfMetadata, member: _Member, read_options: ReadOptions
) -> Recording:
    """The recording of a compressed archive, whose unpacked samples go when it goes."""
    folder = Path(tempfile.mkdtemp(prefix="rfmae-"))
    try:
        target = folder / "samples"
        source = member.open()
        with disk_errors(target), target.open("wb") as file:
            if source is not None:
                shutil.copyfileobj(source, file)
        span = Span(target, 0, target.stat().st_size, named=path)
        recording = open_described(path, meta, span, read_options)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(recording, shutil.rmtree, folder, ignore_errors=True)
    return recording
