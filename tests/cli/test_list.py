"""What there is to choose from is listed, for people and for machines; and the version."""

import json
from importlib.metadata import version

import pytest
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import known_recipes
from rfmae.models.kinds import NETWORKS
from rfmae.signal.modulations import MODULATIONS
from rfmae.workflows.learning.training import pretrain

LISTED = {"recipes": known_recipes(), "modulations": MODULATIONS, "networks": NETWORKS}


def run(*arguments):
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("subject", LISTED)
def test_every_name_is_listed_once(subject):
    lines = run("list", subject).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(LISTED[subject])
    rows = json.loads(run("list", subject, "--json").stdout)
    assert [next(iter(row.values())) for row in rows] == list(LISTED[subject])


def test_runs_are_listed_with_their_steps(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("list", "runs").stdout.startswith("no runs in artifacts")
    settings = Pretraining(preset="tiny", epochs=1, batch_size=8, network="rings")
    pretrain(dataset, settings, tmp_path / "artifacts" / "runs" / "first", device="cpu")
    (row,) = json.loads(run("list", "runs", "--json").stdout)
    done, planned = row["steps"].split("/")
    assert row["run"] == "first" and row["stage"] == "pretrain" and done == planned


def test_another_subject_is_refused_with_the_known_ones():
    answer = run("list", "antennas")
    assert answer.exit_code == 2
    assert "'antennas'; known: recipes, modulations, networks, runs" in answer.stderr
    assert run("list").stdout == "rfmae list recipes|modulations|networks|runs\n"


def test_the_version_is_that_of_the_package():
    assert run("--version").stdout.strip() == f"rfmae {version('rfmae')}"


def test_the_nearest_command_is_suggested():
    answer = run("pretrian")
    assert answer.exit_code == 2 and "pretrain" in answer.stderr
