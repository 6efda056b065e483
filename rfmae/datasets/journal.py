"""Resumable writing: a scratch folder with a lock and a journal of finished tasks."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from rfmae.artefacts import disk_errors, refuse_occupied
from rfmae.errors import ArtefactError, RfmaeError

_JOURNAL_NAME = ".journal"

_SYNC_SECONDS = 15.0
"""Time between two entries, as each waits until its rows have reached the disk."""


class Scratch:
    """An incomplete folder and the journal of its finished tasks.

    The journal names a plan, a text that identifies everything the bytes depend on, and then one
    file and task a line. A task is entered only after its rows have reached the disk.
    """

    def __init__(self, path: Path, journal: BinaryIO, plan: str) -> None:
        """Continue what another process left; a folder of another plan is cleared."""
        self.path, self.plan = path, plan
        self._journal = journal
        self._waiting: list[tuple[str, int]] = []
        self._entered_at = time.monotonic()
        header, *entries = self._whole_lines() or [""]
        found = _read_entries(entries)
        self._done = set(found)
        files_there = all((path / name).exists() for name, _ in self._done)
        if header != plan or len(found) < len(entries) or not files_there:
            self._clear()

    @property
    def was_begun(self) -> bool:
        """Whether any task is finished."""
        return bool(self._done)

    def done(self, file: Path) -> list[int]:
        return sorted(task for name, task in self._done if name == file.name)

    def is_done(self, file: Path, task: int) -> bool:
        return (file.name, task) in self._done

    def add(self, file: Path, task: int) -> None:
        """Note that a task has written all its rows of a file."""
        self._waiting.append((file.name, task))
        self._done.add((file.name, task))
        if time.monotonic() - self._entered_at >= _SYNC_SECONDS:
            self.enter()

    def enter(self) -> None:
        """Enter the waiting tasks, once their rows have reached the disk."""
        for name in {name for name, _ in self._waiting}:
            sync(self.path / name)
        self._append("".join(f"{name} {task}\n" for name, task in self._waiting))
        self._waiting.clear()
        self._entered_at = time.monotonic()

    def _whole_lines(self) -> list[str]:
        """The complete lines; an incomplete last one is cut off."""
        self._journal.seek(0)
        content = self._journal.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._journal.truncate(len(whole))
        return whole.decode("ascii", errors="replace").splitlines()

    def _clear(self) -> None:
        # first the plan, then the files, so that a kill in between leaves no false journal
        self._done = set()
        self._journal.truncate(0)
        for item in self.path.iterdir():
            if item.name != _JOURNAL_NAME:
                _remove(item)
        self._append(f"{self.plan}\n")

    def _append(self, text: str) -> None:
        self._journal.write(text.encode("ascii"))
        self._journal.flush()
        os.fdatasync(self._journal)


def _read_entries(lines: list[str]) -> list[tuple[str, int]]:
    """File and task of every line that names both."""
    found = (re.fullmatch(r"(\w+\.h5) (\d+)", line, re.ASCII) for line in lines)
    return [(match[1], int(match[2])) for match in found if match]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def scratch_of(folder: Path) -> Path:
    """The path of a folder while it is incomplete."""
    return folder.with_name(f".{folder.name}.partial")


def check_plan(folder: Path, plan: str) -> None:
    """Refuse to write into a scratch folder that now belongs to another plan.

    A worker whose main process was killed may come to its last task late.
    """
    with (folder / _JOURNAL_NAME).open("rb") as journal:
        if journal.readline() != f"{plan}\n".encode("ascii"):
            raise ArtefactError(f"{folder} now belongs to another data set")


@contextmanager
def resumable(folder: Path, plan: str) -> Iterator[Scratch]:
    """A scratch folder beside `folder` that takes its name when the block succeeds.

    It has a fixed name and stays when the process is killed or interrupted, so that the next one
    with the same plan resumes; so it does where the disk is full. An error of the input removes it.
    """
    with disk_errors(folder):
        refuse_occupied(folder)
        target = folder.resolve()  # where it is a link, the folder that it names
        path = scratch_of(target)
        path.mkdir(parents=True, exist_ok=True)
        journal = _lock(path)
    with journal, disk_errors(folder), _removed_on_error(path):
        refuse_occupied(folder)  # another process may have just ended
        scratch = Scratch(path, journal, plan)
        try:
            yield scratch
        except RfmaeError:
            raise
        except BaseException as error:
            with suppress(OSError):
                scratch.enter()  # saves work of the next process
            if isinstance(error, Exception) and not scratch.was_begun:
                shutil.rmtree(path, ignore_errors=True)
            raise
        scratch.enter()
        path.replace(target)
        (target / _JOURNAL_NAME).unlink()


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    """Remove the folder on an error that would recur; keep it on an interruption."""
    try:
        yield
    except RfmaeError as error:
        if not isinstance(error.__cause__, OSError):  # of the disk, which may have space again
            shutil.rmtree(path, ignore_errors=True)
        raise


def _lock(path: Path) -> BinaryIO:
    """The journal of a scratch folder, opened for this process alone until it ends."""
    journal = (path / _JOURNAL_NAME).open("a+b")
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(journal.fileno()), (path / _JOURNAL_NAME).stat()):
            raise FileNotFoundError("it has just ended")
    except OSError as error:
        journal.close()
        raise ArtefactError(
            f"cannot lock {path}: another process is writing this data set ({error}); "
            "wait for it or choose another --out"
        ) from error
    return journal


def _remove(item: Path) -> None:
    if item.is_dir():
        shutil.rmtree(item)
    else:
        item.unlink()
