"""Progress on a terminal and in a log: how far, how fast, how long still, and the figures."""

import io
import itertools
import re

import pytest
from rfmae_cli import console
from rich.console import Console

FIGURES = {
    "loss": 0.61234,
    "reconstruction_loss": 0.58,
    "position_loss": 3.811,
    "position_accuracy": 0.03123,
    "gradient_norm": 1.5,
    "learning_rate": 1e-4,
    "images_per_second": 812.0,
    "waiting_share": 0.0213,
}
WORDS = "loss 0.612, reconstruction 0.58, position 3.81, position accuracy 3.12 %, wait 2.13 %"


@pytest.fixture
def screen(monkeypatch):
    """Standard error as a terminal of eighty columns; what it showed."""
    shown = io.StringIO()
    wide = Console(file=shown, force_terminal=True, width=80, color_system=None, highlight=False)
    monkeypatch.setattr(console, "stderr", wide)
    return shown


@pytest.fixture
def log(monkeypatch):
    """Standard error as a file; what is in it."""
    written = io.StringIO()
    monkeypatch.setattr(console, "stderr", Console(file=written, width=80, highlight=False))
    return written


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""

    class Clock:
        now = 100.0

    monkeypatch.setattr(console.time, "perf_counter", lambda: Clock.now)
    return Clock


def bare(line):
    """A line without what moves the cursor."""
    return re.sub(r"\x1b\[[0-9?]*[A-Za-z]|\r", "", line)


def run(total=1000):
    return console.ShownProgress().stage("pre-train", total, "images")


def test_a_terminal_shows_every_figure_by_its_short_name_within_eighty_columns(screen):
    with run() as stage:
        stage.advance(100)
        stage.advance(370, **FIGURES)
    lines = screen.getvalue().splitlines()
    shown = " ".join(line.strip() for line in lines)
    assert WORDS in shown
    assert max(map(len, map(bare, lines))) <= 80
    assert "47%" in screen.getvalue()
    assert "left" in screen.getvalue()
    assert "812" not in screen.getvalue()  # the bar says itself how fast it goes


def test_more_figures_than_a_line_holds_go_on_in_the_next(screen):
    with run() as stage:
        stage.advance(100, **{f"part_{place}_of_many": 0.125 for place in range(20)})
    lines = [bare(line).strip() for line in screen.getvalue().splitlines()]
    message = " ".join(line for line in lines if "pre-train" not in line)
    for place in range(20):
        assert f"part {place} of many 0.125" in message


def test_a_stage_without_figures_is_a_single_line(screen):
    with run() as stage:
        stage.advance(1000)
    assert len([line for line in screen.getvalue().splitlines() if "pre-train" in line]) >= 1
    assert "loss" not in screen.getvalue()


def test_a_log_gets_one_line_when_it_is_done(log, clock):
    with run() as stage:
        for _ in range(10):
            clock.now += 1
            stage.advance(100, **FIGURES)
    assert log.getvalue() == f"pre-train: 1000 of 1000 images in 10.0 s, 100 images/s, {WORDS}\n"


def test_a_long_stage_tells_a_log_every_minute_how_long_it_still_takes(log, clock):
    with run(total=3600) as stage:
        for _ in range(1800):
            clock.now += 1
            stage.advance(1, loss=0.5)
    *minutes, last = log.getvalue().splitlines()
    assert len(minutes) == 1800 // 61
    for line in minutes:
        done = int(line.split()[1])
        left = 3600 - done
        clock_left = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
        assert line == f"pre-train: {done} of 3600 images, 1 images/s, {clock_left} left, loss 0.5"
    assert last.startswith("pre-train: 1800 of 3600 images in 1800.0 s")


def test_what_a_resumed_run_brings_along_is_not_counted_as_speed(log, clock):
    with run() as stage:
        clock.now += 1
        stage.advance(900)
        for _ in range(10):
            clock.now += 1
            stage.advance(10)
    assert "1000 of 1000 images in 11.0 s, 10 images/s" in log.getvalue()


def test_work_done_at_one_stroke_has_a_speed_too(log, clock):
    with run() as stage:
        clock.now += 4
        stage.advance(1000)
    assert "in 4.0 s, 250 images/s" in log.getvalue()


def test_a_stage_in_which_nothing_was_done_says_so(log, clock):
    with run():
        pass
    assert log.getvalue() == "pre-train: 0 of 1000 images in 0.0 s, 0 images/s\n"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("loss", 1e-5, "loss 1e-05"),
        ("image_reconstruction_loss", 0.25, "image reconstruction 0.25"),
        ("reconstruction", 0.25, "reconstruction 0.25"),
        ("position_accuracy", 0.5, "position accuracy 50 %"),
        ("wait", 0.5, "wait 50 %"),
    ],
)
def test_figures_are_reported_in_short_words(log, clock, name, value, words):
    with run() as stage:
        stage.advance(1, **{name: value})
    assert log.getvalue().endswith(f", {words}\n")


def test_interrupted_stages_tell_how_far_they_came(log):
    with pytest.raises(KeyboardInterrupt), run() as stage:
        for step in itertools.count():
            stage.advance(100)
            if step == 4:
                raise KeyboardInterrupt
    assert "500 of 1000" in log.getvalue()
