"""A run on disk: which checkpoints stay, what a killed process leaves, what is refused."""

import json

import pytest
import torch

from rfmae.errors import ArtefactError, CheckpointError, TrainingError
from rfmae.training.run_folder import Best, RunFolder

CONFIG = {"stage": "toy", "plan": {"seed": 1}}
CARD = {"kind": "denomae"}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    assert folder.steps_done(CONFIG, resume=False) == 0
    folder.start(CONFIG, {"precision": "float32"}, 1)
    return folder


def save(run, step, best=None, keep_last=2):
    weights = {"weight": torch.full((2,), float(step))}
    run.save(step, weights, CARD, {"optimiser": {}}, best, keep_last)


def steps(run):
    return [int(folder.name) for folder in run.checkpoints]


@pytest.mark.parametrize("keep_last", [1, 2, 5])
@pytest.mark.parametrize("place", range(1, 8))
def test_the_newest_and_the_best_stay(run, keep_last, place):
    best = None
    for step in range(1, 8):
        best = Best(0.5, run.checkpoint_name(step)) if step == place else best
        save(run, step, best, keep_last)
    assert steps(run) == sorted({place, *range(8 - keep_last, 8)})
    assert run.best.name == run.checkpoint_name(place)
    assert run.best_so_far == best


def test_a_run_that_was_never_validated_has_no_best(run):
    save(run, 3)
    assert run.best is run.best_so_far is None
    assert not (run.path / "best.json").exists()
    with pytest.raises(TrainingError, match="no best checkpoint"):
        _ = run.best_checkpoint


def test_what_was_saved_is_what_is_gone_on_from(run):
    save(run, 3, Best(0.25, run.checkpoint_name(3)))
    save(run, 4, Best(0.25, run.checkpoint_name(3)))
    saved = run.load_last()
    assert saved.weights["weight"].tolist() == [4, 4]
    assert saved.training == {"optimiser": {}}
    assert saved.best == Best(0.25, "0000003")
    assert run.steps_done(CONFIG, resume=True) == 4


def test_half_a_checkpoint_is_never_taken_for_a_whole(run):
    save(run, 3)
    checkpoints = run.path / "checkpoints"
    for name in (".0000004.partial-123", ".0000002.dropped"):
        (checkpoints / name).mkdir()
        (checkpoints / name / "weights.safetensors").write_bytes(b"half")
    assert steps(run) == [3]
    assert run.steps_done(CONFIG, resume=True) == 3
    assert not list(checkpoints.glob(".*"))


def test_lines_past_the_last_checkpoint_are_said_again(run):
    for step in (1, 2, 3, 4):
        run.log(step, {"loss": 1.0 / step})
        if step == 2:
            save(run, step)
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')
    run.steps_done(CONFIG, resume=True)
    assert [line["step"] for line in run.metrics()] == [1, 2]


@pytest.mark.parametrize("name", ["training.pt", "weights.safetensors"])
def test_a_damaged_checkpoint_is_named_in_one_line(run, name):
    save(run, 3)
    path = run.checkpoints[-1] / name
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises((TrainingError, CheckpointError), match=f"{name} cannot be read") as message:
        run.load_last()
    assert "\n" not in str(message.value)


def test_a_run_that_exists_is_not_started_again_by_mistake(run):
    with pytest.raises(TrainingError, match="add --resume"):
        run.steps_done(CONFIG, resume=False)
    with pytest.raises(TrainingError, match=r"plan\.seed was 1 and is now 2"):
        run.steps_done({**CONFIG, "plan": {"seed": 2}}, resume=True)


def test_a_card_is_that_of_the_start(run):
    run.start(CONFIG, {"precision": "bfloat16"}, 8)
    card = json.loads((run.path / "card.json").read_text())
    assert card["processes"] == 1
    assert run.numerics == {"precision": "float32"}


def test_another_artefact_is_no_run(tmp_path):
    (tmp_path / "card.json").write_text('{"kind": "dataset"}')
    with pytest.raises(TrainingError, match="holds a dataset, not a run"):
        RunFolder(tmp_path).steps_done(CONFIG, resume=True)


def test_a_line_that_is_not_whole_yet_is_no_line(run):
    run.log(1, {"loss": 2.0})
    run.log(2, {"loss": 1.0})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "lo')
    assert [line["loss"] for line in run.metrics()] == [2.0, 1.0]


@pytest.mark.parametrize("line", [b"\xff\xfe", b'{"step": 1' + b"0" * 30 + b"}", b'{"step": -1}'])
def test_metrics_that_are_no_text_or_have_no_step_are_damaged(run, line):
    run.log(1, {"loss": 1.0})
    whole = (run.path / "metrics.jsonl").read_bytes()
    (run.path / "metrics.jsonl").write_bytes(line + b"\n" + whole)
    with pytest.raises(ArtefactError, match=r"line 1 of .* is damaged"):
        run.metrics()
