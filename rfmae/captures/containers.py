"""Files that are no raw samples, recognised by their first bytes whatever their names."""

from pathlib import Path

from rfmae.errors import CaptureError

_IMPORT = "`rfmae import` reads those that hold a data set"
_UNPACK = "unpack it first"
_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip or .npz", f"{_IMPORT}; otherwise {_UNPACK}"),
    (b"PK\x05\x06", "an empty zip", _UNPACK),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _IMPORT),
    (b"MATLAB 5.0 MAT-file", "a .mat of MATLAB", _IMPORT),
    (b"MATLAB 7.3 MAT-file", "a .mat of MATLAB", _IMPORT),
    (b"\x1f\x8b\x08", "compressed by gzip", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed by xz", _UNPACK),
    (b"BZh91AY&SY", "compressed by bzip2", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (b"fLaC", "a FLAC file", "convert it to WAV"),
    (b"OggS", "an Ogg file", "convert it to WAV"),
)
_NUMPY = b"\x93NUMPY"
_TAR, _TAR_PLACE = b"ustar", 257
_FIRST = 512


def is_npy(path: Path) -> bool:
    """Whether a file holds one array of numpy."""
    return _head(path).startswith(_NUMPY)


def container_kind(path: Path) -> tuple[str, str] | None:
    """What a file is that holds no bare samples, and the way out; None where it may be raw."""
    head = _head(path)
    for magic, kind, way_out in _KINDS:
        if head.startswith(magic):
            return kind, way_out
    if head[_TAR_PLACE:].startswith(_TAR):
        return "a tar archive", _UNPACK
    return ("a pickle", _IMPORT) if _is_pickle(path, head) else None


def refuse_container(path: Path) -> None:
    """Refuse a file that would be read as samples although it is another kind of file."""
    found = container_kind(path)
    if found is not None:
        kind, way_out = found
        raise CaptureError(f"{path} is {kind}, no recording of bare samples; {way_out}")


def _is_pickle(path: Path, head: bytes) -> bool:
    """Whether a file begins and ends as a pickle does: raw samples hardly do both."""
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        begins = head[2:3] in b"\x95}](Kc"
    else:
        begins = head.startswith((b"(dp", b"(lp", b"}q"))
    if not begins:
        return False
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"."


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_FIRST)
