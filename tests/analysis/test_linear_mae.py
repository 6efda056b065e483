"""The linear masked autoencoder against every mask there is, least squares, and known answers."""

from itertools import combinations, product

import numpy as np
import pytest

from rfmae.analysis.linear_mae import (
    BernoulliMasks,
    CountedMasks,
    LinearMae,
    held_out_linear_mae,
    linear_features,
    linear_mae,
    shrunk,
)
from rfmae.analysis.moments import Moments
from rfmae.errors import ShapeError

PATCHES, VALUES = 5, 2
COUNTED = CountedMasks(2)
BERNOULLI = BernoulliMasks(0.6)
SUPPORTS = ("masked", "all")


def moments_of(noisy, clean):
    moments = Moments(*noisy.shape[1:])
    moments.add(noisy, clean)
    return moments


@pytest.fixture
def pair(rng):
    """Correlated clean patches off their origin, and noisy ones that are no mere sum."""
    size = PATCHES * VALUES
    clean = rng.standard_normal((60, size)) @ rng.standard_normal((size, size)) + 3
    noisy = clean + rng.standard_normal((60, size)) * (1 + np.abs(clean)) - 1
    return noisy.reshape(60, PATCHES, VALUES), clean.reshape(60, PATCHES, VALUES)


def all_masks(masks, patches=PATCHES):
    """Every hidden set (L,) with its probability."""
    if isinstance(masks, CountedMasks):
        sets = [set(seen) for seen in combinations(range(patches), masks.visible)]
        hidden = [np.array([p not in seen for p in range(patches)]) for seen in sets]
        return [(one, 1 / len(hidden)) for one in hidden]
    m = masks.ratio
    every = [np.array(one, bool) for one in product((False, True), repeat=patches)]
    return [(one, m ** one.sum() * (1 - m) ** (patches - one.sum())) for one in every]


def enumerated_loss(mae, noisy, clean, masks, support):
    """Squared error of each patch, mean over the examples and over the masks that count it."""
    total, weight = np.zeros(PATCHES), np.zeros(PATCHES)
    for hidden, probability in all_masks(masks):
        predicted = mae.predict(noisy, np.tile(hidden, (len(noisy), 1)))
        error = ((predicted - clean) ** 2).sum(axis=2).mean(axis=0)
        counted = hidden if support == "masked" else np.ones(PATCHES)
        total += probability * counted * error
        weight += probability * counted
    return total / weight


# --- laws


@pytest.mark.parametrize("support", SUPPORTS)
@pytest.mark.parametrize("masks", [COUNTED, BERNOULLI, CountedMasks(1), CountedMasks(4)], ids=str)
def test_the_predicted_loss_is_that_over_every_mask(masks, support, pair):
    moments = moments_of(*pair)
    mae = linear_mae(moments, masks, support=support, ridge=0.03)
    expected = enumerated_loss(mae, *pair, masks, support)
    np.testing.assert_allclose(mae.loss(moments), expected, rtol=1e-9)


@pytest.mark.parametrize("support", SUPPORTS)
def test_the_predicted_loss_holds_for_examples_that_were_not_fitted(support, pair):
    noisy, clean = pair
    mae = linear_mae(moments_of(noisy[:40], clean[:40]), COUNTED, support=support)
    expected = enumerated_loss(mae, noisy[40:], clean[40:], COUNTED, support)
    found = mae.loss(moments_of(noisy[40:], clean[40:]))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("patch", range(PATCHES))
def test_the_optimum_is_least_squares_over_every_mask_that_hides_the_patch(patch, pair):
    noisy, clean = pair
    inputs, targets = [], []
    for hidden, _ in all_masks(COUNTED):
        if hidden[patch]:
            seen = np.where(hidden[:, None], 0, noisy - noisy.mean(axis=0))
            inputs.append(np.delete(seen, patch, axis=1).reshape(len(noisy), -1))
            targets.append((clean - clean.mean(axis=0))[:, patch])
    expected = np.linalg.lstsq(np.concatenate(inputs), np.concatenate(targets), rcond=None)[0]
    weights = linear_mae(moments_of(*pair), COUNTED).weights.reshape(
        PATCHES, VALUES, PATCHES, VALUES
    )
    found = np.delete(weights, patch, axis=0)[..., patch, :].reshape(-1, VALUES)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
    assert not weights[patch, :, patch].any()


@pytest.mark.parametrize("masks", [COUNTED, BERNOULLI], ids=str)
@pytest.mark.parametrize("support", SUPPORTS)
def test_no_other_matrix_loses_less(support, masks, pair, rng):
    moments = moments_of(*pair)
    mae = linear_mae(moments, masks, support=support)
    least = mae.loss(moments).sum()
    # a masked-only matrix has no block from a patch to itself, so none may be tried
    apart = np.kron(1 - np.eye(PATCHES), np.ones((VALUES, VALUES)))
    allowed = apart if support == "masked" else np.ones_like(apart)
    for _ in range(20):
        step = 1e-2 * rng.standard_normal(mae.weights.shape) * allowed
        other = LinearMae(mae.mean_noisy, mae.mean_clean, mae.weights + step, mae.visibility)
        assert other.loss(moments).sum() > least


def test_one_inverse_serves_every_patch_as_its_own_would(pair):
    moments = moments_of(*pair)
    found = moments.covariances(moments.mean_noisy, moments.mean_clean)
    seen = shrunk(found, COUNTED.among(PATCHES - 1))
    weights = linear_mae(moments, COUNTED).weights
    for patch in range(PATCHES):
        own = np.arange(patch * VALUES, (patch + 1) * VALUES)
        others = np.setdiff1d(np.arange(PATCHES * VALUES), own)
        alone = np.linalg.solve(seen[np.ix_(others, others)], found.cross[np.ix_(others, own)])
        np.testing.assert_allclose(weights[np.ix_(others, own)], alone, rtol=1e-8, atol=1e-12)


def test_predicting_clean_from_clean_is_the_block_precision_matrix(pair):
    moments = moments_of(pair[1], pair[1])
    visibility = COUNTED.among(PATCHES - 1)
    found = moments.covariances(moments.mean_noisy, moments.mean_clean)
    precision = np.linalg.inv(shrunk(found, visibility))
    weights = linear_mae(moments, COUNTED).weights
    for patch in range(PATCHES):
        own = slice(patch * VALUES, (patch + 1) * VALUES)
        expected = -precision[:, own] @ np.linalg.inv(precision[own, own])
        expected /= visibility.share_beside
        expected[own] = 0
        np.testing.assert_allclose(weights[:, own], expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("masks", [COUNTED, BERNOULLI], ids=str)
@pytest.mark.parametrize("features", [1, 4, PATCHES * VALUES])
def test_a_few_features_lose_what_their_eigenvalues_leave(features, masks, pair):
    moments = moments_of(*pair)
    few = linear_features(moments, masks, features)
    narrow = LinearMae(
        moments.mean_noisy,
        moments.mean_clean,
        few.encoder @ few.decoder,
        masks.among(PATCHES),
    )
    assert narrow.loss(moments).sum() == pytest.approx(few.loss, rel=1e-9)
    full = linear_mae(moments, masks, support="all").loss(moments).sum()
    assert few.loss >= full * (1 - 1e-12)
    if features == PATCHES * VALUES:
        assert few.loss == pytest.approx(full, rel=1e-9)


# --- known answers


def test_without_a_mask_the_features_are_principal_components(pair):
    clean = pair[1]
    values, axes = np.linalg.eigh(np.cov(clean.reshape(60, -1).T, bias=True))
    found = linear_features(moments_of(clean, clean), BernoulliMasks(0), 3)
    np.testing.assert_allclose(found.eigenvalues, values[:-4:-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(found.decoder @ axes[:, :-4:-1]), np.eye(3), atol=1e-7)
    assert found.loss == pytest.approx(values[:-3].sum(), rel=1e-9)


def test_one_patch_that_is_the_whole_image_gives_principal_components(pair):
    whole = pair[1].reshape(60, 1, -1)
    values = np.linalg.eigvalsh(np.cov(whole[:, 0].T, bias=True))
    found = linear_features(moments_of(whole, whole), BERNOULLI, 3)
    np.testing.assert_allclose(found.eigenvalues, values[:-4:-1], rtol=1e-9)
    assert found.loss == pytest.approx(values.sum() - 0.4 * values[-3:].sum(), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.25, 0.75])
def test_single_pixels_of_unit_variance_give_principal_components(ratio, pair):
    clean = pair[1].reshape(60, -1)
    pixels = ((clean - clean.mean(axis=0)) / clean.std(axis=0))[..., None]
    values, axes = np.linalg.eigh(np.cov(pixels[..., 0].T, bias=True))
    found = linear_features(moments_of(pixels, pixels), BernoulliMasks(ratio), 3)
    expected = values**2 / ((1 - ratio) * values + ratio)
    np.testing.assert_allclose(found.eigenvalues, expected[:-4:-1], rtol=1e-9)
    np.testing.assert_allclose(np.abs(found.decoder @ axes[:, :-4:-1]), np.eye(3), atol=1e-6)


def identical(rng):
    return np.tile(rng.standard_normal((40, 1, VALUES)) + 1, (1, PATCHES, 1))


@pytest.mark.parametrize("support", SUPPORTS)
@pytest.mark.parametrize("visible", [1, 2, 3])
def test_of_identical_patches_a_fixed_number_determines_everything(visible, support, rng):
    patches = identical(rng)
    moments = moments_of(patches, patches)
    mae = linear_mae(moments, CountedMasks(visible), support=support)
    # the matrix weighs every patch by 1/visible; losses are differences of numbers near 1
    np.testing.assert_allclose(mae.loss(moments), 0, atol=1e-12)


@pytest.mark.parametrize(("support", "others"), [("all", PATCHES - 1), ("masked", PATCHES - 2)])
def test_of_identical_patches_a_random_number_leaves_a_doubt(support, others, rng):
    patches, m = identical(rng), BERNOULLI.ratio
    moments = moments_of(patches, patches)
    power = patches.var(axis=0).sum(axis=1)
    expected = power * m / (1 + (1 - m) * others)
    found = linear_mae(moments, BERNOULLI, support=support).loss(moments)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_independent_patches_carry_no_information_of_each_other():
    # every combination of signs once: independent to the last digit
    signs = np.array(list(product((-1.0, 1.0), repeat=PATCHES)))
    patches = np.stack([signs, 2 * signs], axis=2) + np.arange(VALUES)
    moments = moments_of(patches, patches)
    mae = linear_mae(moments, COUNTED, ridge=1e-6)  # the two values of a patch are one
    np.testing.assert_allclose(mae.weights, 0, atol=1e-12)
    np.testing.assert_allclose(mae.loss(moments), 5, rtol=1e-9)


def test_gradient_descent_through_sampled_masks_comes_to_the_optimum(pair, rng):
    noisy, clean = (part - part.mean(axis=0) for part in pair)
    noisy, clean = noisy / noisy.std(), clean / clean.std()
    moments = moments_of(noisy, clean)
    apart = np.kron(1 - np.eye(PATCHES), np.ones((VALUES, VALUES)))
    weights, mean = np.zeros_like(apart), np.zeros_like(apart)
    steps = 6000
    for step in range(steps):
        hidden = rng.random(noisy.shape[:2]).argsort(axis=1) >= COUNTED.visible
        seen = np.where(hidden[..., None], 0, noisy).reshape(len(noisy), -1)
        error = hidden[..., None] * ((seen @ weights).reshape(clean.shape) - clean)
        slope = seen.T @ error.reshape(len(noisy), -1) / len(noisy)
        weights -= 0.3 * apart * slope
        mean += weights * (step >= steps // 2) / (steps - steps // 2)  # Polyak's average
    optimum = linear_mae(moments, COUNTED)
    descended = LinearMae(optimum.mean_noisy, optimum.mean_clean, mean, optimum.visibility)
    least, found = optimum.loss(moments).sum(), descended.loss(moments).sum()
    assert least <= found < 1.002 * least


def test_a_fixed_count_hides_like_a_slightly_higher_ratio():
    assert 1 - CountedMasks(49).among(196).share_beside == pytest.approx(0.753846, abs=5e-7)
    assert CountedMasks(49).among(196).share == 0.25


# --- prediction


def test_hidden_patches_are_never_read(pair, rng):
    noisy, clean = pair
    mae = linear_mae(moments_of(noisy, clean), COUNTED)
    hidden = rng.random(noisy.shape[:2]) < 0.5
    other = np.where(hidden[..., None], 1e6, noisy)
    np.testing.assert_array_equal(mae.predict(noisy, hidden), mae.predict(other, hidden))


def test_where_all_is_hidden_the_mean_is_predicted(pair):
    noisy, clean = pair
    predicted = linear_mae(moments_of(noisy, clean), COUNTED).predict(
        noisy, np.ones(noisy.shape[:2], bool)
    )
    np.testing.assert_allclose(predicted, np.broadcast_to(clean.mean(axis=0), clean.shape))


# --- the ridge


def test_the_ridge_is_the_one_that_loses_least_on_held_out_examples(rng):
    size, ridges = PATCHES * VALUES, (1e-4, 1e-2, 1.0, 100.0)
    clean = rng.standard_normal((300, 2)) @ rng.standard_normal((2, size))
    noisy = clean + rng.standard_normal((300, size))
    pairs = noisy.reshape(300, PATCHES, VALUES), clean.reshape(300, PATCHES, VALUES)
    train, held_out = (moments_of(*(part[rows] for part in pairs)) for rows in SPLIT_ROWS)
    chosen = held_out_linear_mae(train, held_out, COUNTED, ridges=ridges)
    losses = {
        ridge: linear_mae(train, COUNTED, ridge=ridge).loss(held_out).sum() for ridge in ridges
    }
    assert chosen.ridge == min(losses, key=losses.get)
    # eleven examples of ten values: the least ridge fits them alone
    assert chosen.ridge > min(ridges)


SPLIT_ROWS = (slice(0, 11), slice(11, None))


# --- edges


def test_moments_too_poor_for_an_inverse_ask_for_a_ridge(pair):
    few = moments_of(*(part[:4] for part in pair))
    with pytest.raises(ShapeError, match="full rank, but they are not; add more examples"):
        linear_mae(few, BernoulliMasks(0), support="all")
    assert np.isfinite(linear_mae(few, BernoulliMasks(0), support="all", ridge=0.1).weights).all()


@pytest.mark.parametrize("visible", [0, PATCHES])
def test_a_count_that_hides_nothing_or_all_is_refused(visible, pair):
    with pytest.raises(ShapeError, match=f"must number 1 to 4, got {visible}"):
        linear_mae(moments_of(*pair), CountedMasks(visible))


@pytest.mark.parametrize("ratio", [-0.1, 1.0])
def test_a_ratio_that_hides_all_is_refused(ratio):
    with pytest.raises(ShapeError, match=r"must lie in \[0, 1\), got"):
        BernoulliMasks(ratio)


def test_a_negative_ridge_is_refused(pair):
    with pytest.raises(ShapeError, match="must not be negative, got -1"):
        linear_mae(moments_of(*pair), COUNTED, ridge=-1)


def test_patches_of_another_shape_are_refused(pair):
    noisy, clean = pair
    mae = linear_mae(moments_of(noisy, clean), COUNTED)
    with pytest.raises(ShapeError, match=r"must be \(N, 5, 2\) and hidden \(N, 5\)"):
        mae.predict(noisy, np.ones((len(noisy), 4), bool))
