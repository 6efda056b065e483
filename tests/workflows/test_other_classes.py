"""A model on another data set than its own: the same classes in another order, some, others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_predictors import Silence, linear_recipe, write

from rfmae.baselines.files import save_baseline
from rfmae.baselines.trained import LabelledExamples, fit_baseline
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, DatasetError
from rfmae.workflows.evaluate.evaluating import evaluate_models
from rfmae.workflows.evaluate.predictors import open_predictor
from rfmae.workflows.evaluate.robustness import common_classes, measure_robustness
from rfmae.workflows.evaluate.snr_evaluation import eval_snr

FUNCTIONS = """
import numpy as np


def by_moments(iq):
    second = np.abs((iq**2).mean(axis=1)) > 0.5
    scores = np.stack([~second, second, 0 * second], axis=1) + 0.05
    return scores / scores.sum(axis=1, keepdims=True)


by_moments.classes = ("QPSK", "BPSK", "8PSK")


def others(iq):
    return np.full((len(iq), 2), 0.5)


others.classes = ("GMSK", "64QAM")
"""


def with_classes(recipe, *names):
    source = replace(linear_recipe(recipe).source, modulations=names)
    return replace(linear_recipe(recipe), source=source)


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write(linear_recipe(tiny_recipe), tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def baseline(dataset, tmp_path_factory):
    views = {"symbols": dataset.read_observed("test").iq}
    given = LabelledExamples(views, *dataset.labels("test"))
    folder = tmp_path_factory.mktemp("made") / "baseline"
    fitted = fit_baseline("kolmogorov", given, given, dataset.classes)
    save_baseline(fitted, {"dataset": {"name": "own", "fingerprint": "0"}}, folder)
    return folder


@pytest.fixture
def functions(tmp_path, monkeypatch):
    (tmp_path / "matched_functions.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    return lambda name: Path(f"matched_functions:{name}")


def relabelled(dataset, order):
    """The same rows under class numbers of another order."""
    names = tuple(dataset.classes[place] for place in order)
    number = np.argsort(order)

    class Renumbered(Dataset):
        def read_observed(self, split, rows=slice(None), view=None):
            found = super().read_observed(split, rows, view)
            return replace(found, label=number[found.label], classes=names)

        def labels(self, split):
            label, snr_db = super().labels(split)
            return number[label], snr_db

    return Renumbered(dataset.folder, {**dataset.card, "classes": list(names)})


def test_the_order_of_the_classes_changes_nothing(dataset, baseline):
    moved = relabelled(dataset, [2, 0, 1])
    one, other = (
        evaluate_models(data, {"m": baseline}, "cpu", Silence()) for data in (dataset, moved)
    )
    assert other.accuracy["m"].classes == moved.classes
    assert other.accuracy["m"].accuracy == one.accuracy["m"].accuracy > 0.5
    order = [dataset.classes.index(name) for name in moved.classes]
    mine = one.accuracy["m"].confusion[np.ix_(order, order)]
    np.testing.assert_array_equal(other.accuracy["m"].confusion, mine)
    assert other.assessments["m"].match is None  # nothing to be told
    assert other.assessments["m"].calibration.nll == one.assessments["m"].calibration.nll


def test_some_classes_alone_give_their_recall_among_all_answers(
    dataset, baseline, tiny_recipe, tmp_path
):
    fewer = write(with_classes(tiny_recipe, "BPSK", "16QAM"), tmp_path)
    whole = evaluate_models(dataset, {"m": baseline}, "cpu", Silence()).accuracy["m"]
    found = evaluate_models(fewer, {"m": baseline}, "cpu", Silence())
    report = found.accuracy["m"]
    assert report.classes == ("BPSK", "16QAM", "QPSK")
    assert report.held.tolist() == [0, 1]
    # streams are addressed by name, so the examples are the very same
    rows, columns = [0, 2], [0, 2, 1]
    np.testing.assert_array_equal(report.confusion[:2], whole.confusion[np.ix_(rows, columns)])
    assert found.assessments["m"].match.absent == ("QPSK",)
    limited = evaluate_models(fewer, {"m": baseline}, "cpu", Silence(), renormalised=True)
    assert limited.accuracy["m"].classes == ("BPSK", "16QAM")
    assert limited.accuracy["m"].accuracy >= report.accuracy


def test_classes_that_were_never_learnt_are_no_errors(dataset, baseline, tiny_recipe, tmp_path):
    more = write(with_classes(tiny_recipe, "8PSK", "QPSK", "BPSK", "16QAM"), tmp_path)
    whole = evaluate_models(dataset, {"m": baseline}, "cpu", Silence()).accuracy["m"]
    found = evaluate_models(more, {"m": baseline}, "cpu", Silence())
    assert found.accuracy["m"].accuracy == whole.accuracy
    assert found.accuracy["m"].examples == whole.examples
    assert found.assessments["m"].gap is None  # the ceiling is one of all four
    (unknown,) = found.assessments["m"].unknown_classes
    assert unknown.name == "8PSK"
    assert unknown.accepted.examples == 60
    assert sum(one.share.hits for one in unknown.named) == 60
    assert {one.named for one in unknown.named} <= {*dataset.classes}


def test_without_a_common_class_there_is_one_line(tiny_recipe, baseline, tmp_path):
    other = write(with_classes(tiny_recipe, "8PSK", "OOK"), tmp_path)
    with pytest.raises(CheckpointError, match="16QAM, but data holds 8PSK, OOK, none of them"):
        open_predictor(other, baseline, "cpu")


def test_a_view_that_the_data_lack_is_named(dataset, baseline):
    views = {"waveform": {"samples": 128, "samples_per_symbol": 2.0}}
    held = replace(dataset, card={**dataset.card, "views": views})
    with pytest.raises(DatasetError, match=r"sees the symbols .* holds the waveform alone"):
        open_predictor(held, baseline, "cpu")


@pytest.mark.usefixtures("no_figures")
def test_models_of_several_lists_stand_in_one_report(dataset, baseline, functions, tmp_path):
    models = {"m": baseline, "f": functions("by_moments")}
    report = eval_snr(dataset, models, tmp_path / "report", robustness=("gain",),
                      progress=Silence()).report  # fmt: skip
    assert [item.classes for item in report.accuracy.values()] == [
        dataset.classes,
        ("BPSK", "QPSK", "8PSK"),
    ]
    assert [item.examples for item in report.accuracy.values()] == [180, 120]
    assert report.accuracy["f"].accuracy > 0.8
    (note,) = [note for note in report.notes if note.startswith("f: ")]
    assert "never learnt 16QAM: their 60 examples count in no accuracy" in note
    (pair,) = report.comparisons
    assert pair.examples == 120
    (grid,) = report.robustness
    assert grid.examples.tolist() == [40] * 5  # of 16QAM none
    at_home = grid.hits["f"][0] / 40
    assert at_home > 0.8


def test_robustness_needs_a_class_that_all_know(dataset, functions, baseline):
    progress = Silence()
    predictor = open_predictor(dataset, baseline, "cpu")
    match = open_predictor(dataset, functions("by_moments"), "cpu").match
    strange = replace(predictor, match=replace(match, pairs=()))
    assert common_classes(dataset, [predictor, strange]) == ()
    assert measure_robustness(dataset, {"a": strange}, ("gain",), 2, progress) == ()
    assert progress.notes == ["robustness is not measured: no class is known to all models"]


def test_a_function_of_other_classes_is_refused_as_any_model(dataset, functions):
    with pytest.raises(CheckpointError, match="knows the classes GMSK, 64QAM, but"):
        open_predictor(dataset, functions("others"), "cpu")
