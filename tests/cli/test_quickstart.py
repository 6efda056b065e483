"""The commands one after the other on a tiny recipe, and the whole street in one."""

import functools
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.datasets.recipe import Splits, recipe_to_toml
from rfmae.workflows.street import Street, quickstart

RFMAE = [sys.executable, "-c", "from rfmae_cli.app import main; main()"]


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
        run("pretrain", "--preset", "tiny", "--epochs", 2, "--batch", 16, "--device", "cpu")
        (pretrained,) = (home / "artifacts" / "runs").glob("pretrain-*")
        run("finetune", "--model", pretrained, "--labels", 30, "--epochs", 2, "--device", "cpu")
    return home


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
    answer = json.loads(run("eval-snr", "--json"))
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
    table = run("eval-snr", "--no-cost", "--no-open-set")
    assert "Es/N0 (dB)" in table
    assert "Report:" in table


def test_eval_denoise_reports_what_the_reconstruction_has_to_beat(home, monkeypatch):
    monkeypatch.chdir(home)
    answer = json.loads(run("eval-denoise", "--json", "--per-point", 2))
    measured = answer["denoising"]
    assert set(measured["psnr_db"]) >= {"reconstruction", "noisy", "class mean", "blank"}
    assert measured["examples_per_snr"] == [6, 6]
    assert np.isfinite(list(measured["psnr_db"].values())).all()
    assert (home / answer["folder"] / "figures" / "strip.png").stat().st_size > 5_000


def test_show_tells_what_a_run_is(home, monkeypatch):
    monkeypatch.chdir(home)
    (run_folder,) = (home / "artifacts" / "runs").glob("pretrain-*")
    text = run("show", run_folder)
    assert "steps done" in text
    assert "pretrain" in text


def test_a_street_that_was_walked_is_walked_again_without_training(recipe, tmp_path):
    street = Street(pretrain_epochs=2, finetune_images=60, labels=30, denoised_per_point=2)
    told = quickstart(recipe, street, tmp_path / "home", device="cpu", workers=1)
    assert list(told.report.accuracy) == ["DenoMAE2.0", "from scratch"]
    text = (told.folder / "report.md").read_text()
    assert "With 30 labels DenoMAE2.0 names" in text
    runs = sorted((tmp_path / "home").rglob("weights.safetensors"))
    written = [path.stat().st_mtime_ns for path in runs]
    again = quickstart(recipe, street, tmp_path / "home", device="cpu", workers=1)
    assert [path.stat().st_mtime_ns for path in runs] == written
    assert again.report.headline == told.report.headline


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
    _, conversation = process.communicate(timeout=60)
    assert process.returncode == 130
    assert conversation.strip().splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in conversation
    # what is done waits out of sight for the same command
    assert [item.name for item in (tmp_path / "out").iterdir()] == [".data.partial"]
