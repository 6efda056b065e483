"""Every predictor is evaluated on the same test examples once."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import Dataset, write_dataset
from rfmae.evaluation.comparison import comparisons_of
from rfmae.progress import Silent
from rfmae.records import ImageConfig, Modality, Plane
from rfmae.workflows.evaluate.evaluating import evaluate_models, image_seen, knows_snr

DIFFERENTIAL_FIRST = ImageConfig(
    size=32,
    planes=(Plane("differential", "density", lag_symbols=1), Plane("symbols", "density")),
)

FUNCTIONS = """
import numpy as np


def power_of_fourth(iq):
    moment = np.abs((iq**4).mean(axis=1)) / (np.abs(iq) ** 2).mean(axis=1) ** 2
    scores = np.stack([moment, np.full(len(iq), 0.5), 0 * moment], axis=1) + 0.01
    return scores / scores.sum(axis=1, keepdims=True)


def uniform(iq):
    return np.full((len(iq), 3), 1 / 3)
"""


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    recipe = replace(tiny_recipe, splits=Splits(train=2, validation=2, test=5))
    return write_dataset(recipe, tmp_path_factory.mktemp("exam") / "tiny")


@pytest.fixture
def models(tmp_path, monkeypatch):
    """Two functions that need no training, found in the working folder."""
    (tmp_path / "exam_functions.py").write_text(FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    return {
        "moment": Path("exam_functions:power_of_fourth"),
        "uniform": Path("exam_functions:uniform"),
    }


def sit(dataset, models, **options):
    return evaluate_models(dataset, models, "cpu", Silent(), **options)


def test_every_model_answers_every_test_example_once_and_in_its_order(dataset, models, monkeypatch):
    read = []
    plain = Dataset.read_observed

    def remembered(self, split, rows=slice(None), view=None):
        read.append((split, np.arange(self.examples(split))[rows].tolist()))
        return plain(self, split, rows, view)

    monkeypatch.setattr(Dataset, "read_observed", remembered)
    results = sit(dataset, models)
    everything = list(range(dataset.examples("test")))
    assert [split for split, _ in read] == ["test"] * len(read)
    whole = [rows for _, rows in read if rows != [0, 1]]  # on which functions are tried first
    assert sorted(row for rows in whole for row in rows) == sorted(2 * everything)
    label, snr_db = dataset.labels("test")
    for answers in results.answers.values():
        assert np.array_equal(answers.label, label)
        assert np.array_equal(answers.snr_db, snr_db)


def test_a_few_of_each_class_and_point_are_the_first_of_them(dataset, models):
    few, all_of_them = sit(dataset, models, per_point=2), sit(dataset, models)
    report = few.accuracy["moment"]
    assert report.counts.sum(axis=2).tolist() == [[2, 2, 2], [2, 2, 2]]
    label, snr_db = dataset.labels("test")
    cell = np.flatnonzero((label == 1) & (snr_db == 10))
    both = [item.answers["moment"] for item in (few, all_of_them)]
    mine = both[0].probabilities[(both[0].label == 1) & (both[0].snr_db == 10)]
    assert np.array_equal(mine, both[1].probabilities[cell[:2]])


def test_the_first_model_is_compared_with_each_of_the_others(dataset, models):
    answers = sit(dataset, models).answers
    three = {**answers, "again": answers["moment"]}
    found = comparisons_of(three)
    assert [(item.first, item.second) for item in found] == [
        ("moment", "uniform"),
        ("moment", "again"),
    ]
    assert found[1].difference == 0.0
    assert [item.p_adjusted for item in found] == [min(1.0, 2 * found[0].p_value), 1.0]
    assert comparisons_of(three, seed=0) == found
    assert comparisons_of({"moment": answers["moment"]}) == ()


def card_of(*modalities, image=None):
    """What the card of a classifier says of what it sees."""
    return {
        "image": asdict(image or ImageConfig(size=32)),
        "modalities": [asdict(modality) for modality in modalities],
    }


@pytest.mark.parametrize(
    ("card", "name"),
    [
        (card_of(Modality()), "symbols, SNR unknown"),
        (card_of(Modality(), image=DIFFERENTIAL_FIRST), "symbols, differential, SNR unknown"),
        (card_of(Modality("signal")), None),
        (card_of(Modality(), Modality("signal")), None),
        ({"kind": "function"}, None),
    ],
    ids=["symbols", "two planes", "the signal", "both", "a function"],
)
def test_only_who_sees_images_alone_is_held_against_the_ceiling_of_images(dataset, card, name):
    assert image_seen(dataset, card) == name


def test_a_model_that_is_reported_the_snr_is_held_against_those_that_know_it(dataset):
    card = card_of(Modality())
    message = {**card, "modalities": [*card["modalities"], {"what": "snr"}]}
    assert not knows_snr(card)
    assert not knows_snr({"kind": "function"})
    assert knows_snr(message)
    for known in ((), ("symbols, SNR unknown",), ("symbols, SNR unknown", "symbols, SNR known")):
        assert image_seen(dataset, message, known) == "symbols, SNR known"


def test_where_the_fair_ceiling_is_not_known_the_other_one_stands_for_it_by_its_name(dataset):
    known = "symbols, SNR known"
    assert image_seen(dataset, card_of(Modality()), [known]) == known
    assert image_seen(dataset, card_of(Modality()), [known, "symbols, SNR unknown"]) != known


def test_of_imported_signals_no_ceiling_is_known(dataset):
    imported = replace(dataset, card={**dataset.card, "synthetic": False})
    assert image_seen(imported, card_of(Modality())) is None
