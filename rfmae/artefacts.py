"""Writing outputs whole or not at all, and what every output says of itself."""

import errno
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

from rfmae.errors import ArtefactError

Card = dict[str, Any]
"""JSON that says what an artefact is."""

CARD_NAME = "card.json"

_RECORDED_PACKAGES = ("rfmae", "numpy", "scipy", "h5py", "torch", "scikit-learn")


def versions() -> dict[str, str]:
    """Python and package versions that shaped an artefact."""
    found = {"python": platform.python_version()}
    for package in _RECORDED_PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of it."""
    beside = path.with_name(f".{path.name}.partial")
    with _plain_disk_errors(path):
        beside.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        beside.replace(path)


def read_card(folder: Path) -> Card | None:
    """The card of an artefact folder, or nothing where there is none that can be read."""
    try:
        card = json.loads((folder / CARD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def refuse_occupied(folder: Path, *, replaces: str | None = None) -> None:
    """Refuse an output folder with other content; `replaces` is the artefact kind that may go."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ArtefactError(f"{folder} is a file, but an output folder was asked for; name another")
    if not any(folder.iterdir()):
        return
    card = read_card(folder)
    if replaces is not None and card is not None and card.get("kind") == replaces:
        return
    raise ArtefactError(
        f"output folder {folder} exists and holds other files; "
        "choose another --out or remove it first"
    )


@contextmanager
def written_whole(folder: Path, *, replaces: str | None = None) -> Iterator[Path]:
    """A scratch folder beside `folder` that takes its name when the block ends well."""
    refuse_occupied(folder, replaces=replaces)
    scratch = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    with _plain_disk_errors(folder):
        scratch.mkdir(parents=True)
        try:
            yield scratch
            _take_name(scratch, folder)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


def _take_name(scratch: Path, folder: Path) -> None:
    """Rename into place; an older artefact leaves only once the new one stands."""
    if not folder.exists():
        scratch.replace(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    folder.replace(old)
    scratch.replace(folder)
    shutil.rmtree(old)


@contextmanager
def _plain_disk_errors(target: Path) -> Iterator[None]:
    """Say in one line when the disk, not the program, is what stopped a write."""
    try:
        yield
    except OSError as error:
        reason = _DISK_REASONS.get(error.errno or 0) or _hidden_reason(error)
        if reason is None:
            raise
        raise ArtefactError(f"cannot write {target}: {reason}") from error


_DISK_REASONS = {
    errno.ENOSPC: "no space left on the disk; free some or choose another --out",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another --out",
    errno.EACCES: "permission denied; choose another --out",
    errno.EPERM: "operation not permitted; choose another --out",
    errno.EROFS: "the file system is read-only; choose another --out",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another --out",
}


def _hidden_reason(error: OSError) -> str | None:
    """HDF5 and safetensors report the system's error in words only."""
    text = str(error).lower()
    if "no space left" in text or f"errno = {errno.ENOSPC}" in text:
        return _DISK_REASONS[errno.ENOSPC]
    return None
