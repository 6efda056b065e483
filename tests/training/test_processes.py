import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from toy_task import (
    CPU,
    PLAN,
    ToyTask,
    assert_same_run,
    die_before,
    last_state,
    metrics,
    spread_toy,
    start,
    together,
    train_toy,
)

from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.store import open_dataset
from rfmae.errors import TrainingError, TrainingInterrupted
from rfmae.training.processes import Ranks, StopRequest, ranks
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

pytestmark = pytest.mark.usefixtures("one_thread")
SPREAD = {"copied": {}, "in pieces": {"accumulate": 2}, "sharded": {"shard_weights": True}}
HELD = {how: SPREAD[how] for how in ("copied", "sharded")}


def assert_same_figures(one, other):
    """The same losses but for the order of float32 sums, which training makes a little larger."""
    for line, expected in zip(metrics(other), metrics(one), strict=True):
        assert line == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("changes", SPREAD.values(), ids=SPREAD)
def test_two_processes_are_one_with_the_whole_batch(changes, tmp_path):
    train_toy(tmp_path / "one", replace(PLAN, ema=0.9))
    best = together(2, spread_toy, tmp_path / "two", {**changes, "ema": 0.9})
    assert best == [tmp_path / "two" / "checkpoints" / RunFolder(tmp_path / "one").best.name] * 2
    assert_same_figures(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
@pytest.mark.parametrize("changes", HELD.values(), ids=HELD)
def test_a_checkpoint_knows_nothing_of_processes(changes, tmp_path):
    together(2, spread_toy, tmp_path / "run", changes)
    saved, own = last_state(tmp_path / "run"), ToyTask(None, None).network.state_dict()
    shapes = {name: value.shape for name, value in own.items()}
    assert {name: value.shape for name, value in saved.weights.items()} == shapes
    for name, state in saved.training["optimiser"].items():
        assert state["exp_avg"].shape == shapes[name]
        assert type(state["exp_avg"]) is torch.Tensor


@pytest.mark.slow
@pytest.mark.parametrize("changes", HELD.values(), ids=HELD)
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_any_number_of_processes_goes_on(before, after, changes, tmp_path):
    train_toy(tmp_path / "whole", replace(PLAN, ema=0.9))
    changes = {**changes, "ema": 0.9}
    died = together(before, dying_toy, tmp_path / "run", changes)
    assert all(isinstance(answer, KeyboardInterrupt) for answer in died)
    assert RunFolder(tmp_path / "run").last_step == 12
    together(after, spread_toy, tmp_path / "run", changes, True)
    assert_same_figures(tmp_path / "whole", tmp_path / "run")


def dying_toy(folder, changes):
    with pytest.MonkeyPatch.context() as patch:
        die_before(14, patch)
        return spread_toy(folder, changes)


@pytest.mark.slow
def test_one_process_alone_writes_and_the_others_need_not_see_its_disk(tmp_path):
    together(2, toy_in_a_folder_of_its_own, tmp_path, {"steps": 24})
    assert [path.name for path in tmp_path.iterdir()] == ["0"]
    again = together(2, toy_in_a_folder_of_its_own, tmp_path, {"steps": 24}, True)
    assert again == [RunFolder(tmp_path / "0").best] * 2
    assert len({line["step"] for line in metrics(tmp_path / "0") if "loss" in line}) == 9
    assert len(metrics(tmp_path / "0")) == 9 + 4


def toy_in_a_folder_of_its_own(parent, changes, resume=False):
    return spread_toy(parent / os.environ["RANK"], changes, resume)


def test_what_one_process_refuses_all_refuse(tmp_path):
    train_toy(tmp_path / "run")
    said = together(2, spread_toy, tmp_path / "run", {})
    assert all(isinstance(answer, TrainingError) for answer in said)
    assert len({*map(str, said)}) == 1
    assert "add --resume" in str(said[0])


@pytest.mark.slow
def test_a_loss_that_is_no_number_on_one_process_stops_all(tmp_path):
    said = together(2, half_diverging, tmp_path / "run")
    assert all(isinstance(answer, TrainingError) for answer in said)
    assert all("the loss must stay finite, got nan at step 9" in str(answer) for answer in said)


def half_diverging(folder):
    return train_toy(folder, kind=HalfDiverging)


class HalfDiverging(ToyTask):
    """The last rows of a batch are no numbers from one step on."""

    def batch(self, step, microbatch):
        return super().batch(step, microbatch) * (
            float("nan") if step == 7 and microbatch.start else 1.0
        )


@pytest.mark.slow
def test_ranks_sum_gather_and_broadcast():
    answers = together(2, talk)
    assert answers == [([3.0, 30.0], [0, 10], "result of 0")] * 2


def talk():
    here = ranks(CPU)
    values = torch.tensor([1.0, 10.0]) * (here.rank + 1)
    total = here.summed(values).tolist()
    assert values.tolist() == [here.rank + 1.0, 10 * (here.rank + 1.0)]
    assert ranks(CPU) == here  # the group stands already
    here.barrier()
    return total, here.gathered(here.rank * 10), here.by_writer(lambda: f"result of {here.rank}")


def test_alone_there_is_no_group():
    here = ranks(CPU)
    assert here == Ranks(CPU, 0, 1)
    assert here.is_writer
    assert here.gathered(7) == [7]
    assert here.summed(torch.ones(2)).tolist() == [1, 1]


def test_processes_that_cannot_find_each_other_say_so_in_one_line(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(TrainingError, match="start them with torchrun"):
        ranks(CPU)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["vit", "rings"])
@pytest.mark.parametrize(
    "changes",
    [{}, pytest.param({"shard_weights": True, "ema": 0.9}, marks=pytest.mark.slow)],
    ids=HELD,
)
def test_two_processes_pre_train_and_fine_tune_as_one(changes, network, dataset, tmp_path):
    running = {"precision": "float32", **changes}
    for folder, work in (("one", street), ("two", partial(together, 2, street))):
        work(dataset.folder, tmp_path / folder, network, running)
    for stage in ("pretrain", "finetune"):
        assert_same_figures(tmp_path / "one" / stage, tmp_path / "two" / stage)


def street(data, folder, network, running):
    """A short pre-training and a fine-tuning from it, of the same seed everywhere."""
    before = Pretraining(preset="tiny", epochs=2, batch_size=8, network=network, **running)
    after = Finetuning(preset="tiny", labels=24, epochs=2, batch_size=8, **running)
    data = open_dataset(data)
    encoder = pretrain(data, before, folder / "pretrain", device="cpu")
    return finetune(data, after, folder / "finetune", pretrained=encoder, device="cpu")


@pytest.mark.slow
def test_torchrun_starts_them(tmp_path):
    script = tmp_path / "train.py"
    here = Path(__file__).parent
    script.write_text(
        f"import sys; from pathlib import Path; sys.path.insert(0, {str(here)!r})\n"
        f"from toy_task import train_toy; train_toy(Path({str(tmp_path / 'two')!r}))\n"
    )
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script]
    subprocess.run([sys.executable, *command], check=True, timeout=300)
    train_toy(tmp_path / "one")
    assert_same_figures(tmp_path / "one", tmp_path / "two")


SLOW = replace(PLAN, steps=200, validations=2, log_every=5)


def ask_for_a_stop(number, sign):
    """Send this process a signal once a file shows its progress."""

    def send():
        while not sign.exists():
            time.sleep(0.001)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()


def requested_early(folder, number):
    ask_for_a_stop(number, folder / "metrics.jsonl")
    return train_toy(folder, SLOW, pause_s=0.002)


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)],
    ids=lambda number: number.name,
)
def test_a_run_that_is_requested_to_stop_saves_says_so_and_goes_on_later(number, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    process, pipe = start(requested_early, cut, number)
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


@pytest.mark.slow
def test_processes_stop_together_whichever_received_the_signal(tmp_path):
    said = together(2, requested_of_one, tmp_path / "run")
    assert [type(answer) for answer in said] == [TrainingInterrupted] * 2
    step = RunFolder(tmp_path / "run").last_step
    assert SLOW.logs_after(step)
    assert step < SLOW.steps
    assert all(f"after step {step}," in str(answer) for answer in said)


def requested_of_one(folder):
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
