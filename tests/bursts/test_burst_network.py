"""The network of bursts: its products against torch, its files against damage."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import mahalanobis

from rfmae.artefacts import CARD_NAME
from rfmae.bursts.network import (
    WEIGHTS,
    BurstNetwork,
    Outliers,
    load_network,
    save_network,
    softmax,
)
from rfmae.errors import CheckpointError


def network(seed: int = 0) -> BurstNetwork:
    rng = np.random.default_rng(seed)
    sizes = (20, 16, 12, 4)
    layers = tuple(
        (
            rng.standard_normal((out, count)).astype(np.float16).astype(np.float32),
            rng.standard_normal(out).astype(np.float32),
        )
        for count, out in pairwise(sizes)
    )
    centre, scale = rng.standard_normal(20), rng.uniform(0.5, 2, 20)
    return BurstNetwork(
        ("BPSK", "QPSK", "noise", "other"),
        centre.astype(np.float32),
        scale.astype(np.float32),
        layers,
        1.7,
        Outliers(
            rng.standard_normal((3, 12)).astype(np.float32), np.eye(12, dtype=np.float32), 0.4, 7.0
        ),
        {"trained_on": 3},
    )


def test_logits_are_those_of_torch():
    made = network()
    features = np.random.default_rng(1).standard_normal((5, 20)).astype(np.float32)
    values = torch.from_numpy(np.clip((features - made.centre) / made.scale, -6, 6))
    for weights, biases in made.layers[:-1]:
        values = torch.nn.functional.linear(
            values, torch.from_numpy(weights), torch.from_numpy(biases)
        )
        values = torch.nn.functional.leaky_relu(values, 0.01)
    weights, biases = made.layers[-1]
    wanted = torch.nn.functional.linear(values, torch.from_numpy(weights), torch.from_numpy(biases))
    np.testing.assert_allclose(made.logits(features), wanted.numpy(), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        made(features), torch.softmax(wanted.double() / 1.7, dim=1).numpy(), rtol=1e-4, atol=1e-6
    )


def test_probabilities_sum_to_one_whatever_the_logits():
    said = softmax(np.array([[1e4, 0.0, -1e4], [0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(said.sum(axis=1), 1.0)
    np.testing.assert_allclose(said[1], 1 / 3)


def test_a_saved_network_is_the_same(tmp_path: Path):
    made = network()
    save_network(made, tmp_path / "weights")
    read = load_network(tmp_path / "weights")
    features = np.random.default_rng(2).standard_normal((3, 20)).astype(np.float32)
    np.testing.assert_array_equal(read(features), made(features))
    assert read.classes == ("BPSK", "QPSK", "noise")
    assert read.outliers is not None
    limits = (read.outliers.other_threshold, read.outliers.distance_threshold)
    assert (read.temperature, limits) == (1.7, (0.4, 7.0))
    np.testing.assert_array_equal(read.outlier_scores(features), made.outlier_scores(features))
    assert read.card["trained_on"] == 3


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path: Path):
    save_network(network(), tmp_path / "one")
    save_network(network(1), tmp_path / "other")
    (tmp_path / "other" / WEIGHTS).replace(tmp_path / "one" / WEIGHTS)
    with pytest.raises(CheckpointError, match="not the file that its card states"):
        load_network(tmp_path / "one")


@pytest.mark.parametrize("name", [WEIGHTS, CARD_NAME])
def test_a_missing_file_is_one_line(tmp_path: Path, name: str):
    save_network(network(), tmp_path / "one")
    (tmp_path / "one" / name).unlink()
    with pytest.raises(CheckpointError, match="holds no burst classifier"):
        load_network(tmp_path / "one")


def test_a_card_of_another_version_is_refused(tmp_path: Path):
    save_network(network(), tmp_path / "one")
    card = json.loads((tmp_path / "one" / CARD_NAME).read_text())
    (tmp_path / "one" / CARD_NAME).write_text(json.dumps({**card, "format": "of tomorrow"}))
    with pytest.raises(CheckpointError, match="install rfmae again"):
        load_network(tmp_path / "one")


def test_distances_are_those_of_mahalanobis():
    rng = np.random.default_rng(3)
    factor = rng.standard_normal((4, 4))
    covariance = factor @ factor.T + np.eye(4)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))
    means = rng.standard_normal((2, 4))
    points = rng.standard_normal((6, 4))
    wanted = [
        min(mahalanobis(point, mean, np.linalg.inv(covariance)) for mean in means)
        for point in points
    ]
    found = Outliers(means, whitening.astype(np.float32), 1.0, 1.0).distances(points)
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_a_score_above_one_is_beyond_either_threshold():
    made = network()
    features = np.random.default_rng(4).standard_normal((200, 20)).astype(np.float32)
    assert made.outliers is not None
    distance = made.outliers.distances(made.hidden(features, 2))
    likely = made(features)[:, -1]
    limits = float(np.median(likely)), float(np.median(distance))
    made = replace(made, outliers=Outliers(made.outliers.means, made.outliers.whitening, *limits))
    other, far = likely > limits[0], distance > limits[1]
    assert other.any() and far.any() and not (other & far).all()
    np.testing.assert_array_equal(made.outlier_scores(features) > 1, other | far)
