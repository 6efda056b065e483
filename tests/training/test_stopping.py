"""SIGTERM and Ctrl-C: the step is finished, saved and gone on from later."""

import os
import signal
import threading
import time
from dataclasses import replace

import pytest
from toy_task import PLAN, assert_same_run, last_state, metrics, start, together, train_toy

from rfmae.errors import TrainingInterrupted
from rfmae.training.run_folder import RunFolder
from rfmae.training.stopping import StopRequest

pytestmark = pytest.mark.usefixtures("one_thread")

SLOW = replace(PLAN, steps=200, validations=2, log_every=5)


def ask_for_a_stop(number, sign):
    """Send this process a signal once a file shows its progress."""

    def send():
        while not sign.exists():
            time.sleep(0.001)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


def asked_early(folder, number):
    ask_for_a_stop(number, folder / "metrics.jsonl")
    return train_toy(folder, SLOW, pause_s=0.002)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_run_that_is_requested_to_stop_saves_says_so_and_goes_on_later(number, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    process, pipe = start(asked_early, cut, number)
    said = pipe.recv()
    process.join(10)
    step = RunFolder(cut).last_step
    assert isinstance(said, TrainingInterrupted)
    assert f"{number.name} after step {step}, which is saved in {cut}; add --resume" in str(said)
    assert process.exitcode == 128 + number
    assert 0 < step < SLOW.steps
    train_toy(cut, SLOW, resume=True)
    train_toy(whole, SLOW)
    assert_same_run(whole, cut)


def test_a_stop_leaves_the_best_as_it_was(tmp_path):
    process, pipe = start(stopped_after_a_validation, tmp_path / "run")
    pipe.recv()
    process.join(10)
    run = RunFolder(tmp_path / "run")
    assert run.best is not None
    assert run.best != run.checkpoints[-1]
    assert last_state(run.path).best.checkpoint == run.best.name


def stopped_after_a_validation(folder):
    ask_for_a_stop(signal.SIGTERM, folder / "best.json")
    return train_toy(folder, replace(SLOW, validations=20), pause_s=0.01)


def test_processes_stop_together_whichever_received_the_signal(tmp_path):
    said = together(2, asked_of_one, tmp_path / "run")
    assert [type(answer) for answer in said] == [TrainingInterrupted] * 2
    step = RunFolder(tmp_path / "run").last_step
    assert SLOW.logs_after(step)
    assert step < SLOW.steps
    assert all(f"after step {step}," in str(answer) for answer in said)


def asked_of_one(folder):
    if os.environ["RANK"] == "1":
        ask_for_a_stop(signal.SIGTERM, folder / "metrics.jsonl")
    return train_toy(folder, SLOW, pause_s=0.002)


def test_handlers_are_as_they_were_once_training_is_over(tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    train_toy(tmp_path / "run", replace(PLAN, steps=2))
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_a_second_ctrl_c_does_not_wait():
    with StopRequest() as stop, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        assert stop.signal == signal.SIGINT
        signal.raise_signal(signal.SIGINT)
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)  # a launcher that follows up
        assert stop.signal == signal.SIGINT


def test_a_ctrl_c_that_a_launcher_repeats_is_one():
    with StopRequest(patient=True) as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop.signal == signal.SIGINT


def test_beside_the_main_thread_signals_are_left_to_their_handler(tmp_path):
    before, errors = signal.getsignal(signal.SIGTERM), []

    def train():
        try:
            train_toy(tmp_path / "run", replace(PLAN, steps=2))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=train)
    thread.start()
    while thread.is_alive():
        assert signal.getsignal(signal.SIGTERM) == before
        time.sleep(0.001)
    assert not errors
    assert metrics(tmp_path / "run")
