"""`rfmae eval-snr` from the command line to the folder of its report."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset

FUNCTIONS = """
import numpy as np


def uniform(iq):
    return np.full((len(iq), 3), 1 / 3)


def first(iq):
    return np.tile([0.8, 0.1, 0.1], (len(iq), 1))


def whole(iq):
    if iq.shape[1] != 64:
        raise ValueError("it wants 64 symbols")
    return np.tile([0.1, 0.8, 0.1], (len(iq), 1))


def scores(iq):
    return np.tile([2.0, 1.0, 0.5], (len(iq), 1))
"""

QUICK = ("--no-cost", "--no-open-set", "--device", "cpu")


@pytest.fixture(scope="module")
def observed(tiny_recipe, tmp_path_factory):
    """A data set of two test examples of each class and SNR."""
    recipe = replace(tiny_recipe, splits=Splits(train=2, validation=2, test=2))
    return write_dataset(recipe, tmp_path_factory.mktemp("exam") / "tiny").folder


@pytest.fixture
def answered(rfmae, here, observed):
    """Run eval-snr on some models; its answer in JSON."""
    (here / "eval_functions.py").write_text(FUNCTIONS)

    def run(models, *options):
        named = [word for model in models for word in ("--model", model)]
        result = rfmae(
            "eval-snr", "--data", observed, "--out", "report", "--json", *named, *options
        )
        assert result.exit_code == 0, f"{result.exception!r} {result.stderr}"
        return json.loads(result.stdout)

    return run


@pytest.mark.usefixtures("no_figures")
def test_a_report_holds_every_measure_of_every_model(answered, here, classifier):
    report = answered([classifier, "eval_functions:uniform"], *QUICK)
    names = ["classifier", "eval_functions.uniform"]
    assert list(report["accuracy"]) == list(report["assessments"]) == names
    for name in names:
        assert np.sum(report["accuracy"][name]["counts"]) == 12
        found = report["assessments"][name]
        assert {"ece", "nll", "brier", "bin_confidence"} <= found["calibration"].keys()
        assert [band["from_db"] for band in found["bands"]] == [0.0, 10.0]
        assert found["merged"]["hits"] == np.trace(np.sum(report["accuracy"][name]["counts"], 0))
        assert found["open_sets"] == []
        assert found["cost"] is None
    assert report["assessments"][names[1]]["calibration"]["nll"] == pytest.approx(np.log(3))
    (comparison,) = report["comparisons"]
    assert (comparison["first"], comparison["second"]) == tuple(names)
    assert comparison["examples"] == 12
    assert (
        json.loads((here / "report" / "report.json").read_text())["headline"] == report["headline"]
    )


@pytest.mark.usefixtures("no_figures")
def test_every_answer_is_kept_beside_the_report(answered, here, classifier):
    report = answered([classifier, "eval_functions:first"], *QUICK)
    kept = sorted(path.name for path in (here / "report" / "answers").iterdir())
    assert kept == ["classifier.npz", "eval_functions.first.npz"]
    with np.load(here / "report" / "answers" / kept[1]) as answers:
        assert answers["probabilities"] == pytest.approx(np.tile([0.8, 0.1, 0.1], (12, 1)))
        hits = np.bincount(answers["label"])[0]
    assert report["accuracy"]["eval_functions.first"]["accuracy"] == pytest.approx(hits / 12)


@pytest.mark.usefixtures("no_figures")
def test_the_report_states_how_the_test_split_was_used(answered):
    report = answered(["eval_functions:first"], *QUICK, "--per-point", 1)["provenance"]
    assert report["test_split"] == "the first 1 of each class and SNR read once by the model"
    assert "validation" in report["selection"]
    two = answered(
        ["eval_functions:first", "eval_functions:uniform"], *QUICK, "--robustness", "gain"
    )["provenance"]
    assert two["test_split"] == (
        "all examples read once by each of 2 models; the first 10 of each class and SNR changed "
        "and read again for robustness to gain"
    )


@pytest.mark.slow
def test_unknown_signals_and_cost_are_measured_unless_they_are_left_out(answered):
    found = answered(["eval_functions:uniform"], "--device", "cpu")["assessments"]
    (assessment,) = found.values()
    unknowns = {item["unknown"]: item for item in assessment["open_sets"]}
    assert "noise alone" in unknowns
    assert len(unknowns) > 3
    for item in unknowns.values():  # who is as sure of everything tells nothing apart
        assert (item["auroc"], item["fpr95"]) == (0.5, 1.0)
        assert item["known_examples"] == 12
    assert assessment["cost"]["latency_p50_ms"] > 0
    assert assessment["cost"]["parameters"] is None
    peak = assessment["cost"]["peak_memory_mib"]
    assert peak > 50 if Path("/proc/self/status").is_file() else peak is None


def test_a_grid_is_measured_where_it_is_named(answered):
    (grid,) = answered(["eval_functions:first"], *QUICK, "--robustness", "gain")["robustness"]
    (hits,) = grid["hits"].values()
    assert len(set(hits)) == 1  # a constant answer heeds no gain
    assert grid["drop_at"] == {"eval_functions.first": None}


def test_a_map_is_drawn_of_networks_alone(answered, classifier):
    report = answered([classifier, "eval_functions:first"], *QUICK, "--map")
    (found,) = report["embedding"]
    assert found["model"] == "classifier"
    assert np.shape(found["places"]) == (12, 2)  # the validation split


@pytest.mark.usefixtures("no_figures")
def test_the_terminal_shows_a_line_for_each_finding(rfmae, here, observed, classifier):
    (here / "eval_functions.py").write_text(FUNCTIONS)
    result = rfmae(
        "eval-snr",
        "--data",
        observed,
        "--model",
        classifier,
        "--model",
        "eval_functions:uniform",
        "--robustness",
        "gain",
        "-v",
        *QUICK,
    )
    assert result.exit_code == 0, result.stderr
    for words in (
        "Es/N0 (dB)",
        "macro-F1",
        "calibration error",
        "at 95 % accuracy",
        "classifier less eval_functions.uniform",
        "McNemar p",
        "five points are lost by",
        "classifier: ",
        " right; eval_functions.uniform: 33.3 %.",
        "Report: ",
    ):
        assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 200


@pytest.mark.usefixtures("no_figures")
def test_the_terminal_names_models_that_could_not_be_tried(rfmae, here, observed):
    (here / "eval_functions.py").write_text(FUNCTIONS)
    named = ["--model", "eval_functions:whole", "--model", "eval_functions:uniform"]
    result = rfmae("eval-snr", "--data", observed, *named, "--robustness", "symbols", "-v", *QUICK)
    assert result.exit_code == 0, result.stderr
    (line,) = (line for line in result.stdout.splitlines() if " without " in line)
    assert line.startswith("number of symbols without ")
    assert line.endswith("ValueError: it wants 64 symbols")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--model", "eval_functions:scores"), ["sum"]),
        (("--model", "eval_functions:missing"), ["missing"]),
        (("--model", "eval_functions:first", "--robustness", "gian"), ["'gian'", "gain"]),
        (
            ("--model", "eval_functions:first", "--model", "eval_functions:first"),
            ["different names"],
        ),
    ],
    ids=["scores", "no such function", "no such grid", "twice the same"],
)
def test_what_cannot_be_measured_is_refused_in_one_line(rfmae, here, observed, options, words):
    (here / "eval_functions.py").write_text(FUNCTIONS)
    result = rfmae("eval-snr", "--data", observed, "--out", "report", *options, *QUICK)
    assert result.exit_code == 2
    *_, complaint = result.stderr.strip().splitlines()
    assert complaint.startswith("error: ")
    assert all(word in complaint for word in words)
    assert not (here / "report").exists()
