"""audit and curve on the command line: exit codes, JSON, the way out of bad input."""

import json
from dataclasses import replace

import pytest

from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.store import write_dataset


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    """A few examples of the published data."""
    recipe = replace(load_recipe("legacy"), splits=Splits(24, 1, 24)).with_snr("0")
    return write_dataset(recipe, tmp_path_factory.mktemp("made") / "leaky")


def test_a_clean_data_set_passes_with_exit_code_zero(rfmae, here, dataset):
    said = rfmae("audit", dataset.folder)
    assert said.exit_code == 0, said.stderr
    assert "tests found no leak" in said.stdout
    assert (here / "artifacts/reports" / f"audit-{dataset.folder.name}" / "report.md").is_file()


@pytest.mark.slow
def test_leaks_are_told_in_words_with_exit_code_one(rfmae, leaky):
    said = rfmae("audit", leaky.folder, "--out", "mine")
    assert said.exit_code == 1, said.stderr
    assert "Amplitude predicts the class" in said.stdout
    assert "GMSK 8,192" in said.stdout
    assert "CPFSK and GFSK" in said.stdout
    message = rfmae("audit", leaky.folder, "--out", "mine", "--json")
    assert message.exit_code == 1
    record = json.loads(message.stdout)
    assert record["clean"] is False
    assert "leak" in {finding["verdict"] for finding in record["findings"]}


@pytest.mark.slow
def test_fewer_examples_can_be_measured(rfmae, leaky):
    said = rfmae("audit", leaky.folder, "--examples", 50, "--json")
    assert json.loads(said.stdout)["provenance"]["measured"]["test"] == 50


def test_without_a_data_set_there_is_no_audit(rfmae, here):
    said = rfmae("audit")
    assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert "rfmae synth" in said.stderr
    assert not (here / "artifacts").exists()


CURVE = ("curve", "--methods", "cumulants", "--labels-per-class", "1,2", "--seeds", 1)


def test_a_curve_is_told_as_a_table_and_in_json(rfmae, here, dataset):
    said = rfmae(*CURVE, "--data", dataset.folder, "--out", "mine")
    assert said.exit_code == 0, said.stderr
    assert "cumulants + SVM" in said.stdout
    message = rfmae(*CURVE, "--data", dataset.folder, "--out", "mine", "--json")
    record = json.loads(message.stdout)
    assert [mean["budget"] for mean in record["means"]] == [1, 2]
    assert record["folder"] == "mine"


def test_a_curve_of_probes_starts_from_a_model(rfmae, dataset, denoiser):
    options = ("--methods", "probe,knn", "--labels-per-class", "1,2", "--seeds", 2)
    said = rfmae("curve", "--data", dataset.folder, "--model", denoiser, *options, "--json")
    assert said.exit_code == 0, said.stderr
    record = json.loads(said.stdout)
    assert {point["method"] for point in record["points"]} == {"probe", "knn"}


WRONG = {
    "words": (("--labels-per-class", "1,ten"), "--labels-per-class takes whole numbers"),
    "none": (("--labels-per-class", "0"), "at least one label per class"),
    "method": (("--methods", "prob"), "did you mean probe"),
    "model": (("--methods", "probe"), "no pretrain run"),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=list(WRONG))
def test_what_has_no_curve_is_refused_in_one_line(rfmae, here, dataset, options, words):
    said = rfmae(*CURVE, "--data", dataset.folder, *options)
    assert (said.exit_code, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert words in said.stderr
    assert not (here / "artifacts").exists()
