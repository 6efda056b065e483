"""Early stopping: after so many validations without a better score, resumed or not."""

from dataclasses import replace

import pytest
import torch
from toy_task import PLAN, ToyTask, assert_same_run, die_before, metrics, train_toy

from rfmae.errors import TrainingError
from rfmae.training.run_folder import RunFolder

pytestmark = pytest.mark.usefixtures("one_thread")

PATIENT = replace(PLAN, steps=40, validations=20, patience=3)  # validated every second step


class Listed(ToyTask):
    """A toy whose scores are written down, one for each validation."""

    scores: tuple[float, ...] = ()

    def validation(self, network, ranks):
        self.calls = getattr(self, "calls", 0)
        yield {"loss": torch.tensor(self.scores[self.calls])}, 1
        self.calls += 1


def listed(*scores):
    return type("Listed", (Listed,), {"scores": scores})


def last_step(folder):
    return RunFolder(folder).last_step


@pytest.mark.parametrize(
    ("scores", "validations", "best"),
    [
        ([5, 4, 3, 3, 3, 3, 1], 6, 3),  # as good is no better
        ([1, 2, 3, 4, 0], 4, 1),
        ([5, 6, 4, 6, 3, 6, 2, 9, 9, 9, 0], 10, 7),  # an improvement resets the count
    ],
)
def test_a_run_stops_after_so_many_validations_without_a_better_score(
    tmp_path, scores, validations, best
):
    found = train_toy(tmp_path / "run", PATIENT, kind=listed(*scores))
    assert last_step(tmp_path / "run") == 2 * validations
    assert int(found.name) == 2 * best
    assert max(line["step"] for line in metrics(tmp_path / "run")) == 2 * validations


def test_without_patience_a_run_goes_to_its_end(tmp_path):
    train_toy(tmp_path / "run", replace(PATIENT, patience=None), kind=listed(*range(20)))
    assert last_step(tmp_path / "run") == 40


def test_a_run_that_gave_up_stays_given_up_when_resumed(tmp_path):
    best = train_toy(tmp_path / "run", PATIENT, kind=listed(1, 2, 3, 4))
    before = metrics(tmp_path / "run")
    assert train_toy(tmp_path / "run", PATIENT, resume=True, kind=listed(0)) == best
    assert metrics(tmp_path / "run") == before


class Drifting(ToyTask):
    """A toy that is judged by how far its weights have come, which first nears a goal."""

    goal = 0.0

    def validation(self, network, ranks):
        bias = network.head.bias.detach().double()
        yield {"loss": (bias.abs().sum() - self.goal).abs()}, 1


@pytest.mark.parametrize("stop", [3, 9, 13])
def test_a_run_that_was_stopped_gives_up_where_it_would_have(tmp_path, monkeypatch, stop):
    # the bias of the head passes its place of step 8 and moves on
    kind = type("Drifting", (Drifting,), {"goal": _bias_after(tmp_path / "probe", 8)})
    train_toy(tmp_path / "whole", PATIENT, kind=kind)
    assert stop < last_step(tmp_path / "whole") < 40
    with monkeypatch.context() as patch:
        die_before(stop, patch)
        with pytest.raises(KeyboardInterrupt):
            train_toy(tmp_path / "cut", PATIENT, kind=kind)
    train_toy(tmp_path / "cut", PATIENT, resume=True, kind=kind)
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


def _bias_after(folder, steps):
    plan = replace(PATIENT, patience=None)
    train_toy(folder, plan, kind=Drifting)
    line = next(line for line in metrics(folder) if line["step"] == steps and "loss" not in line)
    return line["validation_loss"]


def test_patience_of_nothing_is_refused():
    with pytest.raises(TrainingError, match="patience must be at least 1, got 0"):
        replace(PLAN, patience=0)


def test_patience_is_part_of_what_a_run_is_and_none_is_as_it_was():
    assert replace(PLAN, patience=2).identity != PLAN.identity
    assert PLAN.identity["patience"] is None
