"""Progress that nobody shows goes to the log."""

import logging

from rfmae import progress
from rfmae.progress import Logged


def test_stages_and_notes_are_lines_of_the_log(caplog, monkeypatch):
    caplog.set_level(logging.INFO, logger="rfmae")
    clock = iter([0.0, 30.0, 61.0, 61.0, 90.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    logged = Logged()
    logged.note("float32 at 100 %")
    with logged.stage("pre-train", 3_000, "images") as stage:
        stage.advance(1_000, loss=0.5)
        stage.advance(1_000, loss=0.25)
        stage.advance(1_000, loss=0.2)
    assert [record.getMessage() for record in caplog.records] == [
        "float32 at 100 %",
        "pre-train: 3,000 images",
        "pre-train: 2,000 of 3,000, loss 0.25",
        "pre-train: done",
    ]
    assert {record.name for record in caplog.records} == {"rfmae"}


def test_a_stage_that_fails_is_not_done(caplog):
    caplog.set_level(logging.INFO, logger="rfmae")
    try:
        with Logged().stage("audit", 2, "rows"):
            raise RuntimeError
    except RuntimeError:
        pass
    assert [record.getMessage() for record in caplog.records] == ["audit: 2 rows"]


def test_nothing_is_printed_unless_logging_is_set_up(capsys):
    Logged().note("a note")
    assert capsys.readouterr() == ("", "")
