"""The commands one after the other on a tiny recipe, and the quickstart, which is all in one."""

import functools
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from less_work import no_figures
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.datasets.recipe import Splits, recipe_to_toml
from rfmae.errors import RfmaeError
from rfmae.inference import load_classifier
from rfmae.models.vit import EncoderConfig
from rfmae.workflows.quickstart import Effort, QuickstartSettings, quickstart

BRIEFLY = ("--preset", "tiny", "--epochs", 2, "--batch", 16, "--device", "cpu")
RFMAE = [sys.executable, "-c", "from rfmae_cli.start import main; main()"]


def run(*arguments) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    return replace(tiny_recipe, splits=Splits(train=12, validation=4, test=4))


@pytest.fixture(scope="module")
def home(recipe, tmp_path_factory):
    """A folder in which the commands have been run without naming a single output."""
    home = tmp_path_factory.mktemp("home")
    (home / "three.toml").write_text(recipe_to_toml(recipe))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        run("synth", "--recipe", "three.toml", "--snr", "0:10:10")
        run("pretrain", *BRIEFLY, "--network", "vit")
        (pretrained,) = (home / "artifacts" / "runs").glob("pretrain-*")
        run("finetune", "--model", pretrained, "--labels", 30, "--epochs", 2, "--device", "cpu")
    return home


@pytest.fixture(scope="module")
def of_rings(home, tmp_path_factory):
    """Another home whose network was chosen by the data set, with a classifier from it."""
    other = tmp_path_factory.mktemp("rings")
    (data,) = (home / "artifacts" / "datasets").iterdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(other)
        run("pretrain", "--data", data, *BRIEFLY)
        (pretrained,) = (other / "artifacts" / "runs").iterdir()
        assert pretrained.name == f"pretrain-{data.name}-rings-tiny"
        run("finetune", "--data", data, "--model", pretrained, "--labels", 30, "--epochs", 2)
    return other, data


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_every_command_works_on_rings(of_rings, monkeypatch):
    other, data = of_rings
    monkeypatch.chdir(other)
    (pretrained,) = (other / "artifacts" / "runs").glob("pretrain-*")
    shown = run("show", pretrained)
    assert "steps done" in shown
    assert "rings" in shown
    answer = json.loads(run("eval-snr", "--data", data, "--no-cost", "--no-open-set", "--json"))
    (accuracy,) = answer["accuracy"].values()
    assert np.sum(accuracy["counts"]) == 24
    assert json.loads(run("probe", "--data", data, "--json"))["accuracy"]


def test_rings_do_not_denoise_and_the_error_names_what_does(of_rings, monkeypatch):
    other, data = of_rings
    monkeypatch.chdir(other)
    done = CliRunner().invoke(app, ["eval-denoise", "--data", str(data)])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "holds rings" in done.stderr
    assert "--method denoiser" in done.stderr
    assert not [*(other / "artifacts").rglob("eval-denoise*")]


def test_synth_takes_the_grid_as_typed(home, monkeypatch):
    monkeypatch.chdir(home)
    (folder,) = (home / "artifacts" / "datasets").iterdir()
    card = json.loads(run("show", folder, "--json"))
    assert card["snr_db"] == [0.0, 10.0]
    assert card["examples"] == {"train": 72, "validation": 24, "test": 24}
    again = json.loads(run("synth", "--recipe", "three.toml", "--snr", "0:10:10", "--json"))
    assert again["fingerprint"] == card["fingerprint"]


def test_eval_snr_reports_the_newest_model(home, monkeypatch):
    monkeypatch.chdir(home)
    answer = json.loads(run("eval-snr", "--no-cost", "--json"))
    (accuracy,) = answer["accuracy"].values()
    assert np.sum(accuracy["counts"]) == 24
    assert accuracy["snr_reference"] == "symbol"
    (model,) = answer["provenance"]["models"].values()
    assert (model["labels"], model["seed"]) == (30, 0)
    folder = home / answer["folder"]
    assert json.loads((folder / "report.json").read_text())["headline"] == answer["headline"]
    assert {path.name for path in folder.iterdir()} >= {
        "report.json",
        "report.html",
        "report.md",
        "accuracy.csv",
        "card.json",
        "figures",
        "answers",
    }
    # again: the older report is replaced
    with no_figures():
        table = run("eval-snr", "--no-cost", "--no-open-set", "-v")
    assert "Es/N0 (dB)" in table
    assert "Report:" in table


@pytest.mark.slow
@pytest.mark.usefixtures("few_directions")
def test_eval_denoise_reports_what_the_reconstruction_has_to_beat(home, monkeypatch):
    monkeypatch.chdir(home)
    answer = json.loads(run("eval-denoise", "--json", "--per-point", 2))
    measured = answer["denoising"]
    assert set(measured["psnr_db"]) >= {"reconstruction", "noisy", "class mean", "blank"}
    assert measured["examples_per_snr"] == [6, 6]
    assert np.isfinite(list(measured["psnr_db"].values())).all()
    assert (home / answer["folder"] / "figures" / "strip.png").stat().st_size > 5_000


def test_show_describes_a_run(home, monkeypatch):
    monkeypatch.chdir(home)
    (run_folder,) = (home / "artifacts" / "runs").glob("pretrain-*")
    text = run("show", run_folder)
    assert "steps done" in text
    assert "pretrain" in text


def unknown_phase(recipe):
    """The same where nobody knows the carrier phase."""
    channel = replace(recipe.source.channel, phase_offset_turns="uniform")
    return replace(recipe, source=replace(recipe.source, channel=channel))


LITTLE = Effort(pretraining_images=144, labelled_images=60, seeds=2)


@pytest.fixture(scope="module")
def started(recipe, tmp_path_factory):
    """A quickstart of the smallest size, and the home that it made."""
    home = tmp_path_factory.mktemp("made") / "home"
    settings = QuickstartSettings(labels=30, denoised_per_point=2, effort=LITTLE)
    return quickstart(unknown_phase(recipe), settings, home, device="cpu", workers=1), home


def test_the_quickstart_measures_what_pre_training_is_worth(started):
    result, _ = started
    curve, difference = result.report.label_curve, result.report.label_difference
    assert curve.methods == ("probe", "scratch")
    assert curve.budgets == (1, 5, 10)  # of 24 examples of a class, 100 are left out
    gain = curve.mean("probe", 10).accuracy - curve.mean("scratch", 10).accuracy
    assert difference.difference == pytest.approx(gain)
    assert result.report.headline.startswith("With 10 labels per class, ")
    assert ": linear probe " in result.report.headline
    assert len(result.report.headline.split()) <= 20
    for name in ("overview.png", "overview.svg", "label-curve.png", "accuracy.png"):
        assert (result.folder / "figures" / name).stat().st_size > 5_000
    assert "figures/overview.png" in (result.folder / "report.md").read_text()
    assert "Accuracy against labels" in (result.folder / "report.html").read_text()


def test_the_classifier_of_a_quickstart_can_be_loaded(started, rng):
    result, home = started
    assert result.classifier in (home / "runs").glob("finetune-tiny-*")
    classifier = load_classifier(result.classifier, "cpu")
    assert classifier.network.config.encoder.kind == "rings"
    assert classifier(rng.normal(size=(2, 64)) + 1j).shape == (2, 3)


@pytest.mark.usefixtures("no_figures")
def test_a_quickstart_that_was_done_reports_again_without_training(started, recipe):
    result, home = started
    runs = sorted(home.rglob("weights.safetensors"))
    written = [path.stat().st_mtime_ns for path in runs]
    settings = QuickstartSettings(labels=30, denoised_per_point=2, effort=LITTLE)
    again = quickstart(unknown_phase(recipe), settings, home, device="cpu", workers=1)
    assert [path.stat().st_mtime_ns for path in runs] == written
    assert again.report.headline == result.report.headline


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_with_many_labels_the_network_is_fine_tuned(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("rfmae.workflows.quickstart._MANY", 10)
    settings = QuickstartSettings(labels=None, effort=replace(LITTLE, labelled_images=20, seeds=1))
    result = quickstart(unknown_phase(recipe), settings, tmp_path / "home", device="cpu", workers=1)
    difference = result.report.label_difference
    assert (difference.first, difference.budget) == ("finetune", 24)
    assert [mean.budget for mean in result.report.label_curve.of("finetune")] == [24]
    assert ": fine-tuned " in result.report.headline


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures", "few_directions")
def test_a_known_carrier_phase_is_left_to_the_transformer(recipe, tmp_path):
    channel = replace(recipe.source.channel, phase_offset_turns="none")
    known = replace(recipe, source=replace(recipe.source, channel=channel))
    settings = QuickstartSettings(labels=3, denoised_per_point=1, effort=Effort(48, 10, 1))
    result = quickstart(known, settings, tmp_path / "home", device="cpu", workers=1)
    assert isinstance(load_classifier(result.classifier).network.config.encoder, EncoderConfig)
    assert result.report.denoising is not None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"network": "cnn"}, "cnn"),
        ({"network": "ringz"}, "rings"),
        ({"preset": "tinny"}, "tiny"),
        ({"labels": 2}, "3 classes"),
    ],
)
def test_what_cannot_be_is_found_before_anything_is_made(recipe, tmp_path, changes, word):
    with pytest.raises(RfmaeError, match=word):
        quickstart(
            unknown_phase(recipe), QuickstartSettings(**changes), tmp_path / "home", device="cpu"
        )
    assert not (tmp_path / "home").exists()


def test_rings_of_a_known_phase_are_refused_before_anything_is_made(recipe, tmp_path):
    channel = replace(recipe.source.channel, phase_offset_turns="none")
    known = replace(recipe, source=replace(recipe.source, channel=channel))
    with pytest.raises(RfmaeError, match="network vit"):
        quickstart(known, QuickstartSettings(network="rings", labels=3), tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_an_interrupted_synthesis_shows_nothing_until_it_is_complete(tmp_path):
    command = [*RFMAE, "synth", "--recipe", "awgn-ten", "--out", str(tmp_path / "out" / "data")]
    # a shell that runs tests in the background has its children ignore Ctrl-C
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, preexec_fn=heed
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("train.h5")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.strip().splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in stderr
    # what is done waits out of sight for the same command
    assert [item.name for item in (tmp_path / "out").iterdir()] == [".data.partial"]
