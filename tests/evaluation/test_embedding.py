"""Maps of features: who is on them, and whether neighbours stay neighbours."""

from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
import torch
from image_encoders import image_encoder_config
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

from rfmae.datasets.store import write_dataset
from rfmae.errors import DatasetError, ShapeError
from rfmae.evaluation.embedding import embedded, evenly_chosen
from rfmae.evaluation.probe import Features
from rfmae.inference import load_encoder
from rfmae.models.checkpoint import model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.presets import classifier_config
from rfmae.models.transformer import initialise
from rfmae.records import IMAGE_ALONE, TRAJECTORY_PLANES, ImageConfig
from rfmae.workflows.evaluate.embedding_maps import embedding_map


def clouds(count, rng, *, classes=4, width=16, apart=12.0):
    """Gaussian clouds round centres, as many of each class and SNR as of any other."""
    label = np.arange(count) % classes
    centres = apart * np.eye(classes, width)
    snr_db = np.where(np.arange(count) // classes % 2, 10.0, 0.0)
    return Features(centres[label] + rng.standard_normal((count, width)), label, snr_db)


def mapped(features, **settings):
    return embedded(features, classes=("A", "B", "C", "D"), model="clouds", **settings)


# --- who is on the map


def grid(classes, points, per_cell):
    label, point, _ = np.indices((classes, points, per_cell)).reshape(3, -1)
    return label, 2.0 * point - 10.0


@pytest.mark.parametrize("count", [1, 5, 7, 12, 30, 119, 120])
def test_every_class_at_every_snr_gives_as_many_as_the_others_to_within_one(count, rng):
    label, snr_db = grid(4, 3, 10)
    rows = evenly_chosen(label, snr_db, count, rng)
    assert len(rows) == count
    assert (np.diff(rows) > 0).all()
    cells = Counter(zip(label, snr_db, strict=True))
    taken = Counter(zip(label[rows], snr_db[rows], strict=True))
    shares = [taken[cell] for cell in cells]
    assert max(shares) - min(shares) <= 1
    per_class = np.bincount(label[rows], minlength=4)
    assert per_class.max() - per_class.min() <= 1


def test_what_a_small_class_lacks_is_made_up_for_by_the_rest(rng):
    label = np.repeat([0, 1, 2], [2, 50, 50])
    rows = evenly_chosen(label, np.zeros(102), 30, rng)
    assert np.bincount(label[rows]).tolist() == [2, 14, 14]


def test_all_are_taken_where_there_are_fewer_than_requested(rng):
    label, snr_db = grid(2, 2, 3)
    np.testing.assert_array_equal(evenly_chosen(label, snr_db, 1000, rng), np.arange(12))


def test_examples_of_an_snr_that_nobody_stated_are_one_point(rng):
    label = np.repeat([0, 1], 20)
    rows = evenly_chosen(label, np.full(40, np.nan), 10, rng)
    assert np.bincount(label[rows]).tolist() == [5, 5]


def test_another_seed_takes_other_examples_of_a_cell():
    label, snr_db = grid(2, 2, 50)
    one, other, again = (
        evenly_chosen(label, snr_db, 40, np.random.default_rng(seed)) for seed in (0, 1, 0)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    assert len({*(one % 50)}) > 10  # from all over a cell, not its beginning


def test_a_map_of_nobody_is_refused(rng):
    with pytest.raises(ShapeError, match="needs examples, got count 0"):
        evenly_chosen(np.zeros(3, int), np.zeros(3), 0, rng)


# --- where they are put


def test_clouds_that_are_far_apart_stay_apart(rng):
    features = clouds(160, rng)
    places = mapped(features).places
    named = KNeighborsClassifier(5).fit(places[:80], features.label[:80]).predict(places[80:])
    assert (named == features.label[80:]).all()


def test_neighbours_stay_neighbours_better_than_on_the_two_principal_axes(rng):
    # the bound is of scikit-learn's own measure; chance is near one half
    features = clouds(200, rng, apart=4.0)
    centred = features.values - features.values.mean(axis=0)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    plane = left[:, :2] * scale[:2]
    found = trustworthiness(features.values, mapped(features).places)
    assert found > 0.75
    assert found > trustworthiness(features.values, plane) + 0.02


def test_the_seed_decides_the_map(rng):
    # features so wide that principal components are found by random projections
    features = clouds(60, rng, width=501)
    np.testing.assert_array_equal(mapped(features, seed=3).places, mapped(features, seed=3).places)


def test_a_map_keeps_what_is_known_of_every_example(rng):
    features = clouds(40, rng)
    found = mapped(features)
    assert found.places.shape == (40, 2)
    assert np.isfinite(found.places).all()
    np.testing.assert_array_equal(found.label, features.label)
    np.testing.assert_array_equal(found.snr_db, features.snr_db)
    assert (found.model, found.classes) == ("clouds", ("A", "B", "C", "D"))


@pytest.mark.parametrize(("count", "perplexity"), [(200, "30"), (40, "13"), (4, "1")])
def test_few_examples_take_few_neighbours(count, perplexity, rng):
    found = mapped(clouds(count, rng))
    assert found.method == f"t-SNE, perplexity {perplexity}"
    assert np.isfinite(found.places).all()


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        (np.eye(3), "needs 4 examples of at least 2 features, got 3 of 3"),
        (np.arange(9.0)[:, None], "got 9 of 1"),
        (np.ones((9, 5)), "features of all 9 examples are the same"),
    ],
)
def test_what_cannot_be_mapped_is_refused(values, rule):
    with pytest.raises(ShapeError, match=rule):
        mapped(Features(values, np.zeros(len(values), int), np.zeros(len(values))))


# --- from a data set and a checkpoint


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write_dataset(tiny_recipe.with_snr("0:20:10"), tmp_path_factory.mktemp("data") / "tiny")


def saved(folder, planes):
    network = Classifier(classifier_config(image_encoder_config("tiny", 32, len(planes)), 3))
    initialise(network, torch.Generator().manual_seed(0))
    card = {**model_card(network), "image": asdict(ImageConfig(32, planes=planes))}
    card |= {"modalities": [asdict(modality) for modality in IMAGE_ALONE]}
    card |= {"samples": {planes[0].view: 64}, "samples_per_symbol": 1.0}
    save_checkpoint(network.state_dict(), {**card, "classes": ["A", "B", "C"]}, folder)
    return folder


def test_the_map_of_a_data_set_is_that_of_its_features(dataset, tmp_path):
    model = saved(tmp_path / "some-model", dataset.image.planes)
    found = embedding_map(dataset, model, examples=6, seed=4, device="cpu")
    label, snr_db = dataset.labels("test")
    rows = evenly_chosen(label, snr_db, 6, np.random.default_rng(4))
    values = load_encoder(model, "cpu")(dataset.read_observed("test", rows).iq)
    expected = embedded(
        Features(values, label[rows], snr_db[rows]), classes=dataset.classes, model="", seed=4
    )
    np.testing.assert_array_equal(found.places, expected.places)
    np.testing.assert_array_equal(found.label, label[rows])
    np.testing.assert_array_equal(found.snr_db, snr_db[rows])
    assert found.model == "some-model"


def test_an_encoder_of_what_a_data_set_does_not_hold_is_refused(dataset, tmp_path):
    model = saved(tmp_path / "waves", TRAJECTORY_PLANES)
    with pytest.raises(DatasetError, match="view 'waveform' is required"):
        embedding_map(dataset, model, device="cpu")
