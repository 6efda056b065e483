"""Outputs stand whole under their name or not at all, and disk errors are one plain line."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from safetensors import SafetensorError

from rfmae.artefacts import (
    CARD_NAME,
    read_card,
    refuse_occupied,
    versions,
    write_json,
    written_whole,
)
from rfmae.errors import ArtefactError

DISK_FULL = {
    "errno": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "quota": OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    "words of HDF5 while it writes": OSError(
        "Can't write data (write failed: errno = 28, error message = 'No space left on device')"
    ),
    "words of HDF5 while it closes": RuntimeError(
        "Can't decrement id ref count (file write failed: time = Fri Nov 20 21:15:28 2026\n"
        ", filename = 'f.h5', errno = 28, error message = 'No space left on device')"
    ),
    "words of safetensors": SafetensorError(
        "Error while serializing: I/O error: No space left on device (os error 28)"
    ),
}


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def report_at(folder, word="old"):
    folder.mkdir()
    (folder / CARD_NAME).write_text(json.dumps({"kind": "report", "word": word}))
    return folder


# written whole ------------------------------------------------------------------------------


def test_a_folder_takes_its_name_when_the_block_ends(tmp_path):
    folder = tmp_path / "out"
    with written_whole(folder) as scratch:
        (scratch / "part").write_text("half")
        assert not folder.exists()
        (scratch / "part").write_text("whole")
    assert (folder / "part").read_text() == "whole"
    assert names(tmp_path) == ["out"]


def test_missing_parents_are_made(tmp_path):
    with written_whole(tmp_path / "a" / "b" / "out") as scratch:
        (scratch / "part").touch()
    assert names(tmp_path / "a" / "b") == ["out"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)], ids=repr)
def test_nothing_is_left_of_a_block_that_raises(tmp_path, error):
    with pytest.raises(type(error)), written_whole(tmp_path / "out") as scratch:
        (scratch / "part").write_text("half")
        raise error
    assert names(tmp_path) == []


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    with written_whole(tmp_path / "out") as scratch:
        (scratch / "part").touch()
    assert names(tmp_path / "out") == ["part"]
    assert names(tmp_path) == ["out"]


def test_what_a_killed_process_of_the_same_number_left_does_not_stop_the_next(tmp_path):
    left = tmp_path / f".out.partial-{os.getpid()}"  # containers number from one again
    left.mkdir()
    (left / "half").touch()
    with written_whole(tmp_path / "out") as scratch:
        (scratch / "part").touch()
    assert names(tmp_path / "out") == ["part"]


def test_an_older_artefact_of_the_kind_is_replaced(tmp_path):
    folder = report_at(tmp_path / "out")
    with written_whole(folder, replaces="report") as scratch:
        (scratch / "new").touch()
        assert read_card(folder)["word"] == "old"
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["out"]


def test_an_older_artefact_stays_when_the_new_one_fails(tmp_path):
    folder = report_at(tmp_path / "out")
    with pytest.raises(ValueError), written_whole(folder, replaces="report"):
        raise ValueError
    assert read_card(folder)["word"] == "old"
    assert names(tmp_path) == ["out"]


def test_an_older_artefact_stays_when_the_new_one_cannot_take_its_name(tmp_path, monkeypatch):
    folder = report_at(tmp_path / "out")
    rename = os.replace

    def failing(source, target):
        if Path(target) == folder and ".partial-" in str(source):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rename(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with (
        pytest.raises(ArtefactError, match="no space left"),
        written_whole(folder, replaces="report") as scratch,
    ):
        (scratch / "new").touch()
    assert names(tmp_path) == ["out"]
    assert read_card(folder)["word"] == "old"


# occupied -----------------------------------------------------------------------------------


def test_a_folder_that_is_missing_or_empty_is_free(tmp_path):
    refuse_occupied(tmp_path / "missing")
    refuse_occupied(tmp_path)


def test_a_folder_with_other_content_is_refused_and_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with (
        pytest.raises(ArtefactError, match="exists and holds other files; choose another --out"),
        written_whole(tmp_path / "out", replaces="report"),
    ):
        raise AssertionError("the block must not begin")
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("replaces", [None, "dataset"])
def test_an_artefact_of_another_kind_is_refused(tmp_path, replaces):
    report_at(tmp_path / "out")
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        refuse_occupied(tmp_path / "out", replaces=replaces)


def test_a_file_where_a_folder_is_requested_is_refused(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(ArtefactError, match="is a file, not an output folder"):
        refuse_occupied(tmp_path / "out")


def test_a_folder_under_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ArtefactError, match="a part of the path is a file"),
        written_whole(tmp_path / "file" / "out"),
    ):
        raise AssertionError("the block must not begin")
    assert names(tmp_path) == ["file"]


# the disk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", DISK_FULL.values(), ids=list(DISK_FULL))
def test_a_full_disk_is_one_plain_line_and_leaves_nothing(tmp_path, error):
    with (
        pytest.raises(ArtefactError, match=r"^cannot write .*out: .*choose another --out$"),
        written_whole(tmp_path / "out") as scratch,
    ):
        (scratch / "part").write_text("half")
        raise error
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "the file system is read-only"),
        (errno.ENOTDIR, "a part of the path is a file"),
    ],
)
def test_what_the_system_forbids_is_said_in_words(tmp_path, monkeypatch, number, words):
    def forbidden(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", forbidden)
    with pytest.raises(ArtefactError, match=words), written_whole(tmp_path / "out"):
        raise AssertionError("the block must not begin")


def test_an_error_that_is_not_the_disk_keeps_its_own_name(tmp_path):
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "out"):
        (tmp_path / "nowhere").read_text()


# JSON and cards -----------------------------------------------------------------------------


def test_json_reads_back_as_it_was_written(tmp_path):
    content = {"name": "µ", "numbers": [1, 2.5, None], "inner": {"yes": True}}
    write_json(tmp_path / CARD_NAME, content)
    assert read_card(tmp_path) == content
    assert names(tmp_path) == [CARD_NAME]


def test_json_that_cannot_be_written_leaves_the_old_file_alone(tmp_path, monkeypatch):
    write_json(tmp_path / CARD_NAME, {"word": "old"})
    write_text = Path.write_text

    def half(path, text, **options):
        write_text(path, text[: len(text) // 2], **options)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(ArtefactError, match="no space left on the disk"):
        write_json(tmp_path / CARD_NAME, {"word": "new"})
    assert read_card(tmp_path) == {"word": "old"}
    assert names(tmp_path) == [CARD_NAME]


def test_a_number_that_json_does_not_know_is_never_written(tmp_path):
    with pytest.raises(ValueError):
        write_json(tmp_path / CARD_NAME, {"score": float("nan")})
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"7", b"\xff\xfe"], ids=repr)
def test_a_card_that_is_missing_damaged_or_no_object_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / CARD_NAME).write_bytes(content)
    assert read_card(tmp_path) is None


def test_versions_name_python_and_the_packages_that_shape_bytes():
    assert {"python", "rfmae", "numpy", "scipy", "h5py", "torch"} <= set(versions())


def test_a_folder_that_vanishes_while_it_is_written_is_one_line(tmp_path):
    with (
        pytest.raises(ArtefactError, match=r"was removed while it was written; start again"),
        written_whole(tmp_path / "out") as scratch,
    ):
        shutil.rmtree(scratch)
        (scratch / "some.txt").write_text("late")


def test_a_file_that_is_missing_elsewhere_is_no_vanished_folder(tmp_path):
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "out"):
        (tmp_path / "lost.txt").read_text()
