"""Edited and damaged artefacts: an answer or one clear line, and never a traceback."""

import shutil
import zlib

import numpy as np
import pytest
from damage import damaged
from rfmae_cli.app import app
from typer.testing import CliRunner

TRIES = 15  # of each artefact

COMMANDS = {
    "data": (
        "show data",
        "plot data --out figure.png",
        "pretrain --data data --preset tiny --epochs 1 --out new --device cpu",
        "finetune --data data --network cnn --epochs 1 --out new --device cpu",
        "baseline histogram --data data --out new",
        "audit data --out new",
    ),
    "pretrained": (
        "show pretrained",
        "plot pretrained --out figure.png",
        "pretrain --data data --preset tiny --epochs 1 --out pretrained --resume --device cpu",
        "probe --data data --model pretrained --out new --device cpu",
        "finetune --data data --model pretrained --epochs 1 --out new --device cpu",
    ),
    "classifier": (
        "show classifier",
        "eval-snr --data data --model classifier --no-cost --no-open-set --out new --device cpu",
    ),
    "baseline": (
        "show baseline",
        "eval-snr --data data --model baseline --no-cost --no-open-set --out new --device cpu",
    ),
    "report": ("show report", "report report --out new"),
    "curve": ("report curve --out new",),
}
"""What is requested of an artefact once something in it was changed."""

MADE = (
    "pretrain --data data --preset tiny --epochs 1 --out pretrained --device cpu",
    "finetune --data data --network cnn --epochs 1 --out classifier --device cpu",
    "baseline histogram --data data --out baseline",
    "eval-snr --data data --model classifier --model baseline --no-cost --out report --device cpu",
    "curve --data data --methods histogram --labels-per-class 1,2 --seeds 2 --out curve",
)


def run(command):
    return CliRunner().invoke(app, command.split())


@pytest.fixture(scope="module")
def whole(dataset, tmp_path_factory):
    """One artefact of each kind, made by the commands themselves."""
    home = tmp_path_factory.mktemp("whole")
    shutil.copytree(dataset.folder, home / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for command in MADE:
            done = run(command)
            assert done.exit_code == 0, f"{command}: {done.exception!r} {done.stderr}"
    return home


def files_of(folder):
    """What may be damaged: all but figures, pages and tables, which nothing reads."""
    kept_out = {".png", ".svg", ".html", ".md", ".csv", ".lock"}
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in kept_out
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_no_damage_ends_in_a_traceback(whole, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    found = []
    for _ in range(TRIES):
        for folder in tmp_path.iterdir():
            plain = folder.is_symlink() or folder.is_file()
            folder.unlink() if plain else shutil.rmtree(folder)
        shutil.copytree(whole / name, tmp_path / name)
        if name != "data":
            (tmp_path / "data").symlink_to(whole / "data")
        files = files_of(tmp_path / name)
        said = damaged(files[int(rng.integers(len(files)))], rng)
        for command in COMMANDS[name]:
            shutil.rmtree(tmp_path / "new", ignore_errors=True)
            done = run(command)
            clean = done.exit_code in (0, 1) or (
                done.exit_code == 2 and done.stderr.count("error: ") == 1
            )
            if not clean or not (done.exception is None or isinstance(done.exception, SystemExit)):
                found.append(f"{said} | {command} | {done.exit_code} {done.exception!r}")
    assert not found, "\n".join(found)
