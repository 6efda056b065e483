"""Which training labels may be seen: nested over budgets, balanced, refused in one line."""

import numpy as np
import pytest
import torch

from rfmae.datasets.store import Dataset
from rfmae.errors import ShapeError, TrainingError
from rfmae.training.sampling import LabelBudget, label_groups, labelled_subset, rarest_group


def test_a_labelled_subset_is_balanced_and_decided_by_its_generator():
    label = torch.arange(3).repeat_interleave(40)
    first, again, other = (
        labelled_subset(label, 10, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.bincount(label[first]).tolist() == [4, 3, 3]
    assert len(first.unique()) == 10
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert np.all(np.diff(first.numpy()) > 0)  # as files are read


@pytest.mark.parametrize("seed", range(3))
def test_labels_of_a_larger_budget_hold_those_of_a_smaller_one(seed):
    label = torch.arange(60) % 3
    budgets = [
        set(labelled_subset(label, count, torch.Generator().manual_seed(seed)).tolist())
        for count in (3, 12, 30)
    ]
    assert budgets[0] < budgets[1] < budgets[2]


def test_more_labels_of_each_class_than_the_rarest_has_are_refused():
    label = torch.tensor([0] * 50 + [1] * 4)
    generator = torch.Generator().manual_seed(0)
    assert label[labelled_subset(label, 8, generator)].bincount().tolist() == [4, 4]
    with pytest.raises(TrainingError, match=r"5 labels of each class.*the rarest has 4"):
        labelled_subset(label, 10, generator)


@pytest.mark.parametrize("seed", range(3))
def test_each_class_has_its_labels_at_each_snr_point_and_keeps_them(seed, dataset):
    label, snr_db = dataset.labels("train")
    smaller: set[int] = set()
    for count in (1, 3, 7, 12):
        budget = LabelBudget(count, "class-and-snr")
        rows = budget.rows(dataset, seed).numpy()
        assert len(rows) == budget.total(dataset) == 4 * count
        assert np.all(np.diff(rows) > 0)  # as files are read
        cells, sizes = np.unique(np.c_[label[rows], snr_db[rows]], axis=0, return_counts=True)
        assert len(cells) == 4
        assert (sizes == count).all()
        assert smaller < set(rows.tolist())
        smaller = set(rows.tolist())
    assert len(smaller) == dataset.examples("train")


def test_a_seed_decides_which_and_a_total_is_what_it_was(dataset):
    budget = LabelBudget(3, "class-and-snr")
    assert torch.equal(budget.rows(dataset, 1), budget.rows(dataset, 1))
    assert not torch.equal(budget.rows(dataset, 1), budget.rows(dataset, 2))
    per_class, in_all = LabelBudget(5, "class"), LabelBudget(10)
    assert torch.equal(per_class.rows(dataset, 1), in_all.rows(dataset, 1))
    assert LabelBudget().rows(dataset, 1) is None
    assert LabelBudget().total(dataset) is None


def test_examples_off_the_grid_belong_to_their_nearest_point(dataset, monkeypatch):
    own = Dataset.labels
    expected = label_groups(dataset, "class-and-snr")

    def shaken(self, split):
        label, snr_db = own(self, split)
        return label, snr_db + np.random.default_rng(3).uniform(-4, 4, len(snr_db))

    monkeypatch.setattr(Dataset, "labels", shaken)
    np.testing.assert_array_equal(label_groups(dataset, "class-and-snr"), expected)
    assert sorted({*expected.tolist()}) == [0, 1, 2, 3]


def test_more_than_the_rarest_cell_has_is_refused_and_no_iq_is_read(dataset, monkeypatch):
    own = Dataset.labels

    def uneven(self, split):
        label, snr_db = own(self, split)
        kept = np.ones(len(label), bool)
        kept[np.flatnonzero((label == 1) & (snr_db == 20))[:5]] = False
        return label[kept], snr_db[kept]

    monkeypatch.setattr(Dataset, "labels", uneven)
    monkeypatch.setattr(Dataset, "read_observed", None)
    assert rarest_group(dataset, "class-and-snr") == (7, "QPSK at 20 dB")
    assert rarest_group(dataset, "class") == (19, "QPSK")
    assert len(LabelBudget(7, "class-and-snr").rows(dataset, 0)) == 28
    message = "8 labels per class and SNR point are requested, but the rarest, QPSK at 20 dB, has 7"
    with pytest.raises(TrainingError, match=message):
        LabelBudget(8, "class-and-snr").rows(dataset, 0)


def test_where_an_snr_is_not_known_there_is_no_snr_point(dataset, monkeypatch):
    own = Dataset.labels
    monkeypatch.setattr(
        Dataset, "labels", lambda self, split: (own(self, split)[0], np.full(48, np.nan))
    )
    with pytest.raises(TrainingError, match="need the SNR of every example"):
        LabelBudget(1, "class-and-snr").total(dataset)
    assert LabelBudget(1, "class").total(dataset) == 2


def test_one_unit_alone_is_requested_and_describes_itself():
    assert LabelBudget.of() == LabelBudget()
    assert LabelBudget.of(labels_per_class_and_snr=2) == LabelBudget(2, "class-and-snr")
    assert str(LabelBudget(2, "class-and-snr")) == "2 labels per class and SNR point"
    for name in ("labels", "labels_per_class", "labels_per_class_and_snr"):
        assert LabelBudget.of(**{name: 4}).options == {name: 4}
        with pytest.raises(TrainingError, match=f"{name} must be at least 1, got 0"):
            LabelBudget.of(**{name: 0})
    with pytest.raises(TrainingError, match="3 labels per class and 2 labels per class and SNR"):
        LabelBudget.of(labels_per_class=3, labels_per_class_and_snr=2)
    with pytest.raises(ShapeError, match="unit of labels must be"):
        LabelBudget(3, "snr")
