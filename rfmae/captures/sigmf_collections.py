"""SigMF collections: a file that lists recordings beside it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from rfmae.errors import CaptureError

SUFFIX = ".sigmf-collection"


def recordings_of(path: str | Path) -> tuple[Path, ...]:
    """The recordings of a collection, in its order; any other path alone.

    Args:
        path: A `.sigmf-collection`, or a recording.

    Returns:
        The paths of the metadata of the recordings, or `path` itself.

    Raises:
        CaptureError: A collection that lists none, or one that is missing or was changed.

    Examples:
        >>> recordings_of("tone.sigmf-meta")
        (PosixPath('tone.sigmf-meta'),)
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        return (path,)
    streams = _streams(path)
    if not streams:
        raise CaptureError(f"{path} lists no recordings")
    return tuple(_recording(path, *_name_and_hash(path, stream)) for stream in streams)


def the_recording_of(path: Path) -> Path:
    """The only recording of a collection."""
    found = recordings_of(path)
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise CaptureError(f"{path} lists {len(found)} recordings: {names}; name one of them")
    return found[0]


def _streams(path: Path) -> list[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise CaptureError(f"{path} must hold JSON, but does not parse: {problem}") from problem
    collection = content.get("collection") if isinstance(content, dict) else None
    streams = collection.get("core:streams", []) if isinstance(collection, dict) else None
    if not isinstance(streams, list):
        raise CaptureError(f"{path} must hold a SigMF 'collection' with a list of core:streams")
    return streams


def _name_and_hash(path: Path, stream: Any) -> tuple[str, str | None]:
    """Name and SHA-512 of a stream: an object, or a pair in older versions of the standard."""
    if isinstance(stream, list) and stream:
        name, stated = stream[0], stream[1] if len(stream) > 1 else None
    elif isinstance(stream, dict):
        name, stated = stream.get("name"), stream.get("hash")
    else:
        name, stated = None, None
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise CaptureError(f"every stream of {path} must have the name of a recording beside it")
    return name, stated


def _recording(path: Path, name: str, stated: str | None) -> Path:
    meta = path.with_name(f"{name.removesuffix('.sigmf-meta')}.sigmf-meta")
    if not meta.is_file():
        raise CaptureError(f"the recording {meta} of {path.name} is missing; put it beside")
    if stated and hashlib.sha512(meta.read_bytes()).hexdigest() != str(stated).lower():
        raise CaptureError(f"{meta} does not have the hash that {path.name} states; it was changed")
    return meta
