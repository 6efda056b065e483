"""`rfmae transfer` from the command line to the folder of its report."""

import json
from dataclasses import replace

import pytest

from rfmae.datasets.store import write_dataset

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(scope="module")
def elsewhere(tiny_recipe, tmp_path_factory):
    source = replace(tiny_recipe.source, modulations=("16QAM", "BPSK", "8PSK"))
    folder = tmp_path_factory.mktemp("elsewhere") / "other"
    return write_dataset(replace(tiny_recipe, source=source), folder).folder


def test_the_matrix_is_printed_and_written(rfmae, dataset, classifier, elsewhere):
    words = ("transfer", "-m", classifier, "-d", dataset.folder, "-d", elsewhere, "--out", "out")
    result = rfmae(*words, "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "classifier (home)" in result.stdout
    assert "Report: out/report.html" in result.stdout
    result = rfmae(*words, "--json", "--device", "cpu", "--robustness", "gain")
    found = json.loads(result.stdout)
    home, there = found["transfer"]["cells"]
    assert (home["is_home"], there["is_home"]) == (True, False)
    assert there["drop"]["home"]["examples"] == 4  # of the common classes
    assert [grid["what"] for grid in found["robustness"]] == [
        "gain after the receiver, on tiny",
        "gain after the receiver, on other",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--robustness", "gian"), ["no robustness grid 'gian'", "gain"]),
        (("-d", "missing"), ["no data set folder missing"]),
        (("-m", "missing"), ["no checkpoint folder missing"]),
    ],
)
def test_bad_input_is_one_line(rfmae, here, dataset, classifier, options, words):
    named = ("transfer", "-m", classifier, "-d", dataset.folder, "--out", "out", *options)
    result = rfmae(*named)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert all(word in result.stderr for word in words)
    assert not (here / "out").exists()
