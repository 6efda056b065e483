"""The loop on one process: what it steps, logs, saves and refuses, on the smallest task."""

import json
import os
import random
import signal
import time
from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from toy_task import (
    CLOCKED,
    PLAN,
    ToyTask,
    assert_same_run,
    assert_same_state,
    die_before,
    last_state,
    metrics,
    start,
    train_toy,
)

from rfmae.errors import TrainingError
from rfmae.training import engine
from rfmae.training.run_folder import RunFolder

pytestmark = pytest.mark.usefixtures("one_thread")

LONG = replace(PLAN, steps=160, validations=20, save_every_seconds=0.03)
PLANS = {
    "plain": PLAN,
    "averaged": replace(PLAN, ema=0.9),
    "in pieces": replace(PLAN, accumulate=2),
    "by storey": replace(PLAN, layer_decay=0.7, gradient_clip=None),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(plan, tmp_path, monkeypatch):
    train_toy(tmp_path / "whole", plan)
    for step in (2, 11, 23):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            die_before(step, patch)
            train_toy(tmp_path / "cut", plan, resume=step > 2)
    train_toy(tmp_path / "cut", plan, resume=True)
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


def test_a_run_that_is_saved_between_two_logs_logs_as_if_it_had_not(tmp_path, monkeypatch):
    train_toy(tmp_path / "whole")
    often = replace(PLAN, save_every_seconds=1e-9)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        die_before(11, patch)
        train_toy(tmp_path / "cut", often)
    assert RunFolder(tmp_path / "cut").last_step == 11  # neither logged nor validated
    train_toy(tmp_path / "cut", resume=True)
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.slow
def test_a_run_survives_being_killed_at_any_moment(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train_toy(whole, LONG)
    moments = random.Random(20250225)
    for step in [0, *sorted(moments.sample(range(1, 110), 5))]:
        process, _pipe = start(slow_toy, cut, (cut / "card.json").exists())
        wait_for(lambda step=step: RunFolder(cut).last_step >= step, process)
        time.sleep(moments.uniform(0.0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    assert 0 < RunFolder(cut).last_step < LONG.steps
    train_toy(cut, LONG, resume=True)
    assert_same_run(whole, cut)
    assert not [path for path in cut.rglob("*") if path.name.startswith(".")]


def wait_for(condition, process):
    deadline = time.monotonic() + 30
    while process.is_alive() and not condition() and time.monotonic() < deadline:
        time.sleep(0.001)


def slow_toy(folder, resume):
    train_toy(folder, LONG, resume=resume, pause_s=0.01)


def test_four_pieces_of_a_batch_are_the_batch(tmp_path):
    train_toy(tmp_path / "one")
    train_toy(tmp_path / "four", replace(PLAN, accumulate=4))
    for one, four in zip(metrics(tmp_path / "one"), metrics(tmp_path / "four"), strict=True):
        assert four == pytest.approx(one, rel=1e-5)  # float32 sums in another order


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compiled_steps_are_the_steps(backend, tmp_path, monkeypatch):
    real = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda *arguments, **how: real(*arguments, backend=backend, **how)
    )
    plan = replace(PLAN, steps=8, compile="on")
    train_toy(tmp_path / "plain", replace(plan, compile="off"))
    train_toy(tmp_path / "compiled", plan)
    for one, other in zip(metrics(tmp_path / "plain"), metrics(tmp_path / "compiled"), strict=True):
        assert other == pytest.approx(one, rel=1e-5)  # fused sums in another order
    assert (
        last_state(tmp_path / "compiled").weights.keys()
        == ToyTask(0, 0).network.state_dict().keys()
    )


class NoQuestions(TorchDispatchMode):
    """Fails where the host would wait for a number of the device."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        assert "_local_scalar_dense" not in str(operation), (
            "a step waits for a number of the device"
        )
        assert "nonzero" not in str(operation), "a step waits for a shape of the device"
        return operation(*args, **(kwargs or {}))


def test_a_step_never_waits_for_the_device(tmp_path, monkeypatch):
    real = engine._Training._step

    def watched(*arguments):
        with NoQuestions():
            return real(*arguments)

    with pytest.raises(AssertionError), NoQuestions():
        torch.ones(()).item()
    monkeypatch.setattr(engine._Training, "_step", watched)
    train_toy(tmp_path / "run", replace(PLAN, ema=0.9, accumulate=2))


class Diverging(ToyTask):
    """A task whose loss is no number from one step on."""

    def batch(self, step, microbatch):
        return super().batch(step, microbatch) * (float("nan") if step == 13 else 1.0)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_last_good_checkpoint(tmp_path):
    good = tmp_path / "run" / "checkpoints" / "0000012"
    with pytest.raises(TrainingError, match=f"got nan at step 15.*last good checkpoint: {good}"):
        train_toy(tmp_path / "run", kind=Diverging)
    assert RunFolder(tmp_path / "run").checkpoints[-1] == good


def test_no_checkpoint_ever_holds_a_weight_that_is_no_number(tmp_path):
    """The step before a save may be the first that goes wrong, between two logs."""
    often = replace(PLAN, save_every_seconds=1e-9, log_every=24)
    with pytest.raises(TrainingError, match="finite"):
        train_toy(tmp_path / "lost", often, kind=Diverging)
    assert last_state_is_finite(tmp_path / "lost")
    with pytest.raises(TrainingError, match="lower the learning rate; last good checkpoint: none"):
        train_toy(tmp_path / "wild", replace(often, learning_rate=1e38, gradient_clip=None))
    assert not RunFolder(tmp_path / "wild").checkpoints


def last_state_is_finite(folder):
    return all(value.isfinite().all() for value in last_state(folder).weights.values())


def test_averaged_weights_answer_and_the_raw_ones_go_on(tmp_path):
    plan = replace(PLAN, ema=0.95)
    train_toy(tmp_path / "plain")
    train_toy(tmp_path / "averaged", plan)
    plain, averaged = last_state(tmp_path / "plain"), last_state(tmp_path / "averaged")
    torch.testing.assert_close(averaged.training["weights"], plain.weights, rtol=0, atol=0)
    assert not torch.equal(averaged.weights["head.weight"], plain.weights["head.weight"])
    task = ToyTask(None, None)
    task.network.load_state_dict(averaged.weights)
    loss = sum(
        float(part["loss"].detach()) * count for part, count in task.validation(task.network, Alone)
    )
    logged = [line for line in metrics(tmp_path / "averaged") if "validation_loss" in line]
    # float32 sums that are added in another precision
    assert logged[-1]["validation_loss"] == pytest.approx(loss / 17, rel=1e-5)


class Alone:
    rank, world = 0, 1


class Recording:
    """A watch that remembers."""

    def __init__(self):
        self.message, self.shown, self.closed = [], [], 0

    def metrics(self, step, metrics):
        self.message.append({"step": step, **metrics})

    def images(self, step, images):
        self.shown.append((step, *images))

    def close(self):
        self.closed += 1


def test_a_logger_receives_what_is_logged_and_shown_what_is_validated(tmp_path):
    logger = Recording()
    train_toy(tmp_path / "run", logger=logger)
    assert logger.message == RunFolder(tmp_path / "run").metrics()
    assert logger.shown == [(step, "toy") for step in (6, 12, 18, 24)]
    assert logger.closed == 1
    with pytest.raises(TrainingError):
        train_toy(tmp_path / "other", logger=logger, kind=Diverging)
    assert logger.closed == 2


def test_speed_and_waiting_are_logged_with_every_loss(tmp_path):
    train_toy(tmp_path / "run")
    lines = [line for line in RunFolder(tmp_path / "run").metrics() if "loss" in line]
    assert [line["step"] for line in lines] == [1, 3, 6, 9, 12, 15, 18, 21, 24]
    assert all({*CLOCKED, "gradient_norm", "learning_rate"} <= line.keys() for line in lines)


def test_the_card_of_a_run_holds_its_plan_and_its_numerics(tmp_path):
    train_toy(tmp_path / "run")
    card = json.loads((tmp_path / "run" / "card.json").read_text())
    assert card["numerics"]["precision"] == "float32"
    assert card["config"]["plan"]["seed"] == PLAN.seed
    assert card["processes"] == 1


def test_a_run_goes_on_in_other_pieces_and_never_under_another_plan(tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        die_before(13, patch)
        train_toy(tmp_path / "run")
    with pytest.raises(TrainingError, match="ema was None and is now"):
        train_toy(tmp_path / "run", replace(PLAN, ema=0.5), resume=True)
    train_toy(tmp_path / "run", replace(PLAN, accumulate=2, keep_last=1), resume=True)
    assert RunFolder(tmp_path / "run").last_step == PLAN.steps


def test_a_run_that_is_complete_is_not_touched_again(tmp_path):
    best = train_toy(tmp_path / "run")
    before = contents(tmp_path / "run")
    assert train_toy(tmp_path / "run", resume=True) == best
    assert contents(tmp_path / "run") == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_batch_of_more_than_all_examples_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(TrainingError, match="no more than the 64 training examples, got 128"):
        train_toy(tmp_path / "run", replace(PLAN, batch_size=128))
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_loads_without_executing_anything(tmp_path):
    train_toy(tmp_path / "run", replace(PLAN, ema=0.9))
    for folder in RunFolder(tmp_path / "run").checkpoints:
        torch.load(folder / "training.pt", weights_only=True)


def test_the_same_run_twice_is_the_same_to_the_bit(tmp_path):
    train_toy(tmp_path / "one")
    train_toy(tmp_path / "two")
    assert_same_state(last_state(tmp_path / "one"), last_state(tmp_path / "two"))
