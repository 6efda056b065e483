"""Atomic writing of outputs, and the cards that describe them."""

import errno
import fcntl
import glob
import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from rfmae.errors import ArtefactError, RfmaeError
from rfmae.plain import parse

Card = dict[str, Any]
"""JSON that describes an artefact."""

HOME = Path("artifacts")
"""Where outputs go that are not named, below the working directory."""

CARD_NAME = "card.json"

_RECORDED_PACKAGES = ("rfmae", "numpy", "scipy", "h5py", "torch", "scikit-learn")


def versions() -> dict[str, str]:
    """Python and package versions that shaped an artefact."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    """The same, looked up once: every checkpoint records them."""
    found = {"python": platform.python_version()}
    for package in _RECORDED_PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically: a reader sees the old file or the new one, never half of it."""
    _write(path, json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text atomically into a folder that is made where there is none."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, text)


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.partial")
    with disk_errors(path):
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def read_card(folder: Path) -> Card | None:
    """The card of an artefact folder, or None where none can be read."""
    try:
        card = parse((folder / CARD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def refuse_occupied(folder: Path, *, replaces: str | None = None) -> None:
    """Raise for an output folder with other content; only kind `replaces` may be replaced."""
    if not folder.name or folder.name == "..":
        raise ArtefactError(f"cannot write {folder}: it is no folder of its own; name a new one")
    if any(parent.is_file() for parent in folder.parents):
        raise ArtefactError(f"cannot write {folder}: {_DISK_REASONS[errno.ENOTDIR]}")
    with disk_errors(folder):
        if not folder.exists():
            return
    if not folder.is_dir():
        raise ArtefactError(f"{folder} is a file, not an output folder; name another")
    if not any(folder.iterdir()):
        return
    card = read_card(folder)
    if replaces is not None and card is not None and card.get("kind") == replaces:
        return
    raise ArtefactError(
        f"output folder {folder} exists and holds other files; "
        "choose another --out or remove it first"
    )


def check_free_space(folder: Path, n_bytes: float) -> None:
    """Raise `ArtefactError` where the disk has too little space."""
    there = next(parent for parent in folder.absolute().parents if parent.exists())
    free = shutil.disk_usage(there).free
    if n_bytes > free:
        raise ArtefactError(
            f"cannot write {folder}: it takes {n_bytes / _GIGA:.3g} GB, but the disk has "
            f"{free / _GIGA:.3g} GB left; free some, request fewer examples or choose another --out"
        )


_GIGA = 1e9


@contextmanager
def written_whole(folder: Path, *, replaces: str | None = None) -> Iterator[Path]:
    """A scratch folder beside `folder` that is renamed to it when the block succeeds.

    What a killed process left beside it is removed; one that still writes there is waited for by
    the user. Where `folder` is a link, the folder that it names is written.
    """
    refuse_occupied(folder, replaces=replaces)
    target = folder.resolve()
    scratch = target.with_name(f".{target.name}.partial-{os.getpid()}")
    with disk_errors(folder):
        for left in target.parent.glob(f".{glob.escape(target.name)}.partial-*"):
            _remove_abandoned(left, folder)
        scratch.mkdir(parents=True)
        try:
            with locked(scratch, _busy(folder)):
                yield scratch
                _take_name(scratch, target)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


@contextmanager
def locked(folder: Path, busy: str) -> Iterator[None]:
    """Hold a folder for this process alone, until it ends; raise `ArtefactError` if it is held."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArtefactError(busy) from error
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(left: Path, folder: Path) -> None:
    """Remove the scratch folder of a process that was killed; raise where it still writes."""
    with locked(left, _busy(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _busy(folder: Path) -> str:
    return f"another process is writing {folder}; wait for it or choose another --out"


def _take_name(scratch: Path, folder: Path) -> None:
    """Rename into place; an older artefact is removed only after that."""
    if not folder.exists():
        scratch.replace(folder)
        return
    old = folder.with_name(f".{folder.name}.old-{os.getpid()}")
    folder.replace(old)
    try:
        scratch.replace(folder)
    except OSError:
        old.replace(folder)
        raise
    shutil.rmtree(old)


@contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Report disk errors in one line."""
    try:
        yield
    except RfmaeError:
        raise
    except Exception as error:
        number = getattr(error, "errno", None) or 0
        reason = _DISK_REASONS.get(number) or _hidden_reason(error) or _lost_folder(error)
        if reason is None:
            raise
        raise ArtefactError(f"cannot write {target}: {reason}") from error


_DISK_REASONS = {
    errno.ENOSPC: "no space left on the disk; free some or choose another --out",
    errno.EFBIG: "the file may not grow so large here; choose another --out",
    errno.ENAMETOOLONG: "the name is too long; choose another --out",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another --out",
    errno.EACCES: "permission denied; choose another --out",
    errno.EPERM: "operation not permitted; choose another --out",
    errno.EROFS: "the file system is read-only; choose another --out",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another --out",
}


def _lost_folder(error: Exception) -> str | None:
    """What is said where a folder was removed while it was written."""
    if not isinstance(error, FileNotFoundError) or error.filename is None:
        return None
    folder = Path(os.fsdecode(error.filename)).absolute().parent
    return None if folder.is_dir() else f"{folder} was removed while it was written; start again"


def _hidden_reason(error: Exception) -> str | None:
    """HDF5, safetensors and torch report the system's error as text only."""
    text = str(error).lower()
    for number, words in _HIDDEN_WORDS.items():
        if any(word in text for word in words):
            return _DISK_REASONS[number]
    return None


_HIDDEN_WORDS = {
    # "unexpected pos" is torch's message for a short write
    errno.ENOSPC: ("no space left", "errno = 28", "unexpected pos"),
    errno.EFBIG: ("file too large", "errno = 27"),
}
