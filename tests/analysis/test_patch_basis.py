"""Principal components of every patch."""

import numpy as np
import pytest

from rfmae.analysis.linear_mae import CountedMasks, linear_mae
from rfmae.analysis.moments import Moments
from rfmae.analysis.patch_basis import patch_basis
from rfmae.errors import ShapeError


@pytest.fixture
def patches(rng):
    mixed = rng.standard_normal((50, 4, 6)) @ rng.standard_normal((4, 6, 6)).mean(axis=0)
    return mixed + np.arange(6)


def test_all_components_give_the_patches_back(patches):
    basis = patch_basis(patches, 6)
    np.testing.assert_allclose(basis.widened(basis.narrowed(patches)), patches, atol=1e-12)


def test_a_few_components_lose_the_smallest_variances_of_each_patch(patches):
    basis = patch_basis(patches, 2)
    lost = ((basis.widened(basis.narrowed(patches)) - patches) ** 2).sum(axis=2).mean(axis=0)
    for place in range(4):
        values = np.linalg.eigvalsh(np.cov(patches[:, place].T, bias=True))
        assert lost[place] == pytest.approx(values[:4].sum(), rel=1e-9)


def test_all_components_make_the_same_linear_autoencoder(patches, rng):
    clean = np.tanh(patches)
    noisy_basis, clean_basis = patch_basis(patches, 6), patch_basis(clean, 6)
    plain, turned = Moments(4, 6), Moments(4, 6)
    plain.add(patches, clean)
    turned.add(noisy_basis.narrowed(patches), clean_basis.narrowed(clean))
    hidden = rng.random((50, 4)) < 0.5
    expected = linear_mae(plain, CountedMasks(2)).predict(patches, hidden)
    found = linear_mae(turned, CountedMasks(2)).predict(noisy_basis.narrowed(patches), hidden)
    np.testing.assert_allclose(
        clean_basis.widened(found)[hidden], expected[hidden], rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("components", [0, 7])
def test_components_that_a_patch_does_not_have_are_refused(components, patches):
    with pytest.raises(ShapeError, match=f"1 to the values of a patch, got {components}"):
        patch_basis(patches, components)
