"""A run that was stopped and resumed takes the very steps of one that was not."""

import os
import signal
import time
from dataclasses import replace

import pytest
import torch
from toy_task import assert_same_run, die_before, start

from rfmae.configuration.methods import find_method
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.store import open_dataset
from rfmae.errors import TrainingError
from rfmae.models.checkpoint import load_checkpoint
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

pytestmark = pytest.mark.usefixtures("one_thread")

# named, or a stopwatch would choose, and on a busy machine not the same for both runs
EXACT = {"precision": "float32"}
PRETRAINING = {  # 24 steps
    network: Pretraining(preset="tiny", epochs=4, batch_size=8, seed=4, network=network, **EXACT)
    for network in ("vit", "rings")
}
FINETUNING = Finetuning(
    preset="tiny", labels=24, epochs=4, batch_size=8, seed=4, **EXACT
)  # 12 steps


@pytest.fixture(params=PRETRAINING.values(), ids=PRETRAINING)
def pretraining(request):
    return request.param


@pytest.fixture(scope="module")
def whole(dataset, tmp_path_factory):
    """The run of each kind that was never stopped, and its best checkpoint."""
    home = tmp_path_factory.mktemp("whole")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    best = {
        network: pretrain(dataset, settings, home / network, device="cpu")
        for network, settings in PRETRAINING.items()
    }
    torch.set_num_threads(before)
    return {network: (home / network, best[network]) for network in PRETRAINING}


@pytest.mark.parametrize(
    "stops",
    [[3], *(pytest.param(stops, marks=pytest.mark.slow) for stops in ([7, 14], [23]))],
)
def test_a_pre_training_that_was_stopped_goes_on_as_if_it_had_not(
    dataset, tmp_path, monkeypatch, pretraining, whole, stops
):
    for place, step in enumerate(stops):
        with monkeypatch.context() as patch:
            die_before(step, patch)
            with pytest.raises(KeyboardInterrupt):
                pretrain(dataset, pretraining, tmp_path / "cut", resume=place > 0, device="cpu")
    pretrain(dataset, pretraining, tmp_path / "cut", resume=True, device="cpu")
    assert_same_run(whole[pretraining.network][0], tmp_path / "cut")


@pytest.mark.slow
def test_a_denoiser_that_was_stopped_draws_the_ratios_that_it_would_have(
    dataset, tmp_path, monkeypatch
):
    settings = replace(PRETRAINING["vit"], epochs=3, method=find_method("denoiser"))
    pretrain(dataset, settings, tmp_path / "whole", device="cpu")
    with monkeypatch.context() as patch:
        die_before(7, patch)
        with pytest.raises(KeyboardInterrupt):
            pretrain(dataset, settings, tmp_path / "cut", device="cpu")
    pretrain(dataset, settings, tmp_path / "cut", resume=True, device="cpu")
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    ratios = mask_ratios(tmp_path / "whole")
    assert len(set(ratios)) > 1
    in_pieces = replace(settings, accumulate=2)
    pretrain(dataset, in_pieces, tmp_path / "pieces", device="cpu")
    assert mask_ratios(tmp_path / "pieces") == ratios


def mask_ratios(folder):
    """Those that a run has logged."""
    rows = RunFolder(folder).metrics()
    return [row["mask_ratio"] for row in rows if "mask_ratio" in row]


def test_a_fine_tuning_that_was_stopped_goes_on_as_if_it_had_not(
    dataset, tmp_path, monkeypatch, pretraining, whole
):
    _, encoder = whole[pretraining.network]
    finetune(dataset, FINETUNING, tmp_path / "whole", pretrained=encoder, device="cpu")
    with monkeypatch.context() as patch:
        die_before(7, patch)
        with pytest.raises(KeyboardInterrupt):
            finetune(dataset, FINETUNING, tmp_path / "cut", pretrained=encoder, device="cpu")
    finetune(dataset, FINETUNING, tmp_path / "cut", pretrained=encoder, resume=True, device="cpu")
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


@pytest.mark.slow
@pytest.mark.parametrize("network", ["vit", pytest.param("rings", marks=pytest.mark.slow)])
def test_a_run_that_was_killed_in_the_middle_resumes_exactly(dataset, tmp_path, network):
    pretraining = replace(PRETRAINING[network], epochs=8)  # time enough to be killed
    pretrain(dataset, pretraining, tmp_path / "whole", device="cpu")
    cut = tmp_path / "cut"
    process, _pipe = start(pretrain_elsewhere, dataset.folder, pretraining, cut)
    deadline = time.monotonic() + 60
    while RunFolder(cut).last_step < 12 and process.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert RunFolder(cut).last_step < 48
    pretrain(dataset, pretraining, cut, resume=True, device="cpu")
    assert_same_run(tmp_path / "whole", cut)
    assert not list(cut.rglob("*.partial*"))


def pretrain_elsewhere(data, pretraining, folder):
    pretrain(open_dataset(data), pretraining, folder, device="cpu")


def test_what_a_killed_run_left_half_written_is_swept(dataset, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        die_before(10, patch)
        with pytest.raises(KeyboardInterrupt):
            pretrain(dataset, PRETRAINING["vit"], run, device="cpu")
    (run / "checkpoints" / f".0000012.partial-{os.getpid()}").mkdir()
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 10, "loss": 1.0}\n{"step": 1')
    pretrain(dataset, PRETRAINING["vit"], run, resume=True, device="cpu")
    steps = [line["step"] for line in RunFolder(run).metrics()]
    assert steps == sorted(steps)
    assert not list(run.rglob("*.partial*"))


def test_a_run_that_died_before_it_named_its_best_names_it_when_resumed(dataset, tmp_path):
    best = finetune(dataset, FINETUNING, tmp_path / "run", device="cpu")
    written = (tmp_path / "run" / "best.json").read_text()
    (tmp_path / "run" / "best.json").unlink()
    assert finetune(dataset, FINETUNING, tmp_path / "run", resume=True, device="cpu") == best
    assert (tmp_path / "run" / "best.json").read_text() == written


def test_a_run_that_exists_is_gone_on_with_only_on_request_and_under_its_settings(dataset, whole):
    run, _ = whole["vit"]
    with pytest.raises(TrainingError, match="add --resume"):
        pretrain(dataset, PRETRAINING["vit"], run, device="cpu")
    other = replace(PRETRAINING["vit"], seed=5)
    with pytest.raises(TrainingError, match="seed was 4 and is now 5"):
        pretrain(dataset, other, run, resume=True, device="cpu")
    with pytest.raises(TrainingError, match="cannot resume"):
        pretrain(dataset, PRETRAINING["rings"], run, resume=True, device="cpu")


# rings classify the tokens alone that lost their position
ACCURACY = {"vit": "position_accuracy", "rings": "position_accuracy_unplaced"}


@pytest.mark.parametrize("network", ACCURACY)
def test_losses_and_position_accuracy_are_logged(whole, network):
    lines = RunFolder(whole[network][0]).metrics()
    trained = [line for line in lines if "loss" in line]
    assert trained[0].keys() >= {"reconstruction_loss", "position_loss", ACCURACY[network]}
    assert trained[-1]["loss"] < trained[0]["loss"]
    assert any("validation_reconstruction_loss" in line for line in lines)


def test_the_best_checkpoint_is_the_one_that_validation_chose(dataset, tmp_path):
    best = finetune(dataset, FINETUNING, tmp_path / "run", device="cpu")
    card = load_checkpoint(best).card
    scores = [
        line["validation_accuracy"]
        for line in RunFolder(tmp_path / "run").metrics()
        if "validation_accuracy" in line
    ]
    assert card["score"]["accuracy"] == max(scores)
    assert load_checkpoint(tmp_path / "run").folder == best


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_last_good_checkpoint(
    dataset, tmp_path, pretraining
):
    wild = replace(pretraining, learning_rate=1e30)
    with pytest.raises(TrainingError, match="last good checkpoint"):
        pretrain(dataset, wild, tmp_path / "run", device="cpu")
