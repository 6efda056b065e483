"""SigMF archives: a recording in an uncompressed tar, read in place."""

import tarfile
from pathlib import Path, PurePosixPath

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.record import Capture
from rfmae.captures.sample_files import Span
from rfmae.captures.sigmf_metadata import SigmfMetadata, parse_metadata
from rfmae.captures.sigmf_reading import read_described
from rfmae.errors import CaptureError
from rfmae.plain import shown


def read_archive(path: Path, read_options: ReadOptions) -> Capture:
    """Read the one recording of an archive, without unpacking it."""
    try:
        with tarfile.open(path, "r:") as archive:
            members = _members(path, archive)
            described = _metadata(path, archive, members)
    except (tarfile.TarError, OSError, EOFError) as problem:
        raise CaptureError(
            f"a SigMF archive is an uncompressed tar, {path} is not: {problem}"
        ) from problem
    data = _data_member(path, described, members)
    return read_described(path, described, Span(path, data.offset_data, data.size), read_options)


def _members(path: Path, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The files of an archive by name, `./` in front of it left out."""
    found = {PurePosixPath(item.name): item for item in archive.getmembers() if item.isreg()}
    for name in found:
        if name.is_absolute() or ".." in name.parts:
            raise CaptureError(
                f"an archive must hold relative names, {path} holds {shown(str(name))}; "
                "pack it again in the folder of the recording"
            )
    return {str(name): item for name, item in found.items()}


def _metadata(
    path: Path, archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]
) -> SigmfMetadata:
    found = sorted(name for name in members if name.endswith(".sigmf-meta"))
    if not found:
        raise CaptureError(f"{path} holds no .sigmf-meta")
    if len(found) > 1:
        raise CaptureError(
            f"an archive must hold one recording, {path} holds {', '.join(found)}; "
            "unpack it with `tar -xf` and name one"
        )
    item = members[found[0]]
    if item.sparse is not None or item.offset_data + item.size > path.stat().st_size:
        raise CaptureError(f"{found[0]} in {path} ends too early; the archive was cut short")
    member = archive.extractfile(item)
    return parse_metadata(path / found[0], member.read() if member else b"")


def _data_member(
    path: Path, meta: SigmfMetadata, members: dict[str, tarfile.TarInfo]
) -> tarfile.TarInfo:
    inside = PurePosixPath(meta.path.relative_to(path))
    name = inside.with_name(meta.dataset or f"{inside.stem}.sigmf-data")
    member = members.get(str(name))
    if member is None:
        raise CaptureError(f"the data file {name} of {inside.name} is missing in {path}")
    if member.sparse is not None:
        raise CaptureError(f"{name} is stored sparse in {path}; unpack it with `tar -xf`")
    return member
