"""Models on several data sets, and what is lost against home."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_predictors import Silence, linear_recipe

from rfmae.artefacts import read_card
from rfmae.baselines.files import save_baseline
from rfmae.baselines.trained import LabelledExamples, fit_baseline
from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import open_dataset, write_dataset
from rfmae.errors import ArtefactError, CheckpointError, DatasetError
from rfmae.reporting.folder import read_report
from rfmae.reporting.report_record import report_json
from rfmae.workflows.evaluate.evaluating import evaluate_models
from rfmae.workflows.evaluate.transferring import dataset_names, transfer

pytestmark = pytest.mark.usefixtures("no_figures")


@pytest.fixture(scope="module")
def made(tiny_recipe, tmp_path_factory):
    """The home of a baseline, and other data sets beside it."""
    folder = tmp_path_factory.mktemp("sets")
    recipe = linear_recipe(tiny_recipe)
    lists = {
        "home": recipe.source.modulations,
        "some": ("16QAM", "BPSK"),
        "more": ("8PSK", "BPSK", "QPSK"),
        "none": ("OOK", "8PSK"),
    }
    return {
        name: write_dataset(
            replace(
                recipe,
                name=name,
                source=replace(recipe.source, modulations=classes),
                splits=Splits(1, 1, 12),
            ),
            folder / name,
        )
        for name, classes in lists.items()
    }


@pytest.fixture(scope="module")
def baseline(made, tmp_path_factory):
    home = made["home"]
    given = LabelledExamples({"symbols": home.read_observed("test").iq}, *home.labels("test"))
    folder = tmp_path_factory.mktemp("models") / "baseline"
    card = {
        "dataset": {"name": home.name, "fingerprint": home.fingerprint},
        "snr_db": list(home.snr_db),
        "snr_reference": home.snr_reference,
    }
    save_baseline(fit_baseline("kolmogorov", given, given, home.classes), card, folder)
    return folder


def transferred(sets, models, folder, **options):
    options = {"home": folder / "nowhere", "progress": Silence(), "device": "cpu", **options}
    return transfer(sets, models, folder / "report", **options)


def cells_of(result):
    return {(cell.data, cell.model): cell for cell in result.report.transfer.cells}


def test_a_cell_is_the_accuracy_on_common_classes_and_the_drop_is_on_the_same(
    made, baseline, tmp_path
):
    result = transferred(made, {"m": baseline}, tmp_path)
    cells = cells_of(result)
    home = evaluate_models(made["home"], {"m": baseline}, "cpu", Silence()).accuracy["m"]
    assert cells["home", "m"].is_home and cells["home", "m"].drop is None
    assert cells["home", "m"].accuracy.hits == np.trace(home.confusion)
    some = cells["some", "m"]
    assert (some.match.common, some.match.absent) == (("16QAM", "BPSK"), ("QPSK",))
    same = home.confusion[0, 0] + home.confusion[2, 2]
    # the same examples by address, so nothing is lost
    assert (some.drop.home.hits, some.drop.home.examples) == (same, 48)
    assert some.drop.value == 0.0
    more = cells["more", "m"]
    assert (more.match.unknown, more.accuracy.examples) == (("8PSK",), 48)
    assert more.unknown_accepted.examples == 24
    assert "none of them" in cells["none", "m"].why
    back = read_report(result.folder)
    assert back.transfer == result.report.transfer
    assert report_json(back)["transfer"] == report_json(result.report)["transfer"]


def test_home_is_found_beside_the_data_or_not_at_all(made, baseline, tmp_path):
    found = transferred({"some": made["some"]}, {"m": baseline}, tmp_path).report
    assert found.transfer.cells[0].drop is not None
    assert "whose test split is home" in found.transfer.homes["m"]
    alone = write_dataset_like(made["some"], tmp_path / "alone")
    lonely = transferred({"some": alone}, {"m": baseline}, tmp_path / "b").report
    assert lonely.transfer.cells[0].drop is None
    assert "which is not at hand" in lonely.notes[0]
    home = made["home"].folder.parent
    again = transferred({"some": alone}, {"m": baseline}, tmp_path / "c", home=home).report
    assert again.transfer.cells[0].drop is not None


def write_dataset_like(dataset, folder):
    shutil.copytree(dataset.folder, folder / "some")
    return open_dataset(folder / "some")


def test_grids_are_of_each_data_set_that_has_them(made, baseline, tmp_path):
    sets = {"home": made["home"], "more": made["more"]}
    grids = transferred(sets, {"m": baseline}, tmp_path, robustness=("gain", "length"),
                        per_point=2).report.robustness  # fmt: skip
    assert [grid.what.rpartition(", on ")[2] for grid in grids] == ["home", "home", "more", "more"]
    assert [grid.examples[0] for grid in grids] == [60, 60, 40, 40]  # of 8PSK none
    imported = replace(made["more"], card={**made["more"].card, "synthetic": False})
    progress = Silence()
    (grid,) = transferred({"more": imported}, {"m": baseline}, tmp_path, progress=progress,
                          robustness=("length", "gain")).report.robustness  # fmt: skip
    assert grid.what == "gain after the receiver"
    assert "more has no grid length; available: carrier-offset, gain, symbols" in progress.notes


def test_what_cannot_be_evaluated_at_all_is_an_error_and_writes_nothing(made, baseline, tmp_path):
    with pytest.raises(CheckpointError, match="none of them"):
        transferred({"none": made["none"]}, {"m": baseline}, tmp_path)
    with pytest.raises(DatasetError, match="no robustness grid 'gian'"):
        transferred({"home": made["home"]}, {"m": baseline}, tmp_path, robustness=("gian",))
    assert not (tmp_path / "report").exists()
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "mine.txt").write_text("mine")
    with pytest.raises(ArtefactError):
        transferred({"home": made["home"]}, {"m": baseline}, tmp_path)


def test_a_model_without_a_home_is_evaluated_all_the_same(made, tmp_path):
    result = transferred({"home": made["home"]}, {"best": Path("likelihood")}, tmp_path)
    (cell,) = result.report.transfer.cells
    assert cell.accuracy.value > 0.8 and cell.drop is None
    assert "without a data set of its own" in result.report.notes[0]
    assert read_card(result.folder)["kind"] == "report"


def test_data_sets_of_one_name_are_told_apart(tmp_path):
    assert dataset_names([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    assert dataset_names([tmp_path / "x/a", tmp_path / "y/a"]) == ["x-a", "y-a"]
    with pytest.raises(CheckpointError, match="named twice"):
        dataset_names([tmp_path / "a", tmp_path / "b/../a"])


def test_a_damaged_card_is_one_line(made, baseline, tmp_path):
    for name, damage in (("dataset", ["home"]), ("snr_db", "loud"), ("snr_reference", "none")):
        folder = tmp_path / name / "baseline"
        shutil.copytree(baseline, folder)
        card = json.loads((folder / "card.json").read_text())
        (folder / "card.json").write_text(json.dumps({**card, name: damage}))
        with pytest.raises(ArtefactError, match=name.removesuffix("set").partition("_")[0]):
            transferred({"some": made["some"]}, {"m": folder}, tmp_path / name)
