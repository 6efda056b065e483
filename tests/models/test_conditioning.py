"""Scalars that scale and shift features."""

import pytest
import torch
from small_networks import generator, shake
from torch import nn

from rfmae.models.conditioning import FeatureModulation


@pytest.mark.parametrize("sides", [(), (5,), (4, 3)])
def test_each_feature_has_a_scale_and_a_shift_of_its_own(sides):
    """Two inputs give a straight line for each feature, the same one wherever it stands."""
    network = FeatureModulation(2, 6)
    shake(network)
    scalars = torch.randn(3, 2, generator=generator())
    shift = network(torch.zeros(3, 6, *sides), scalars)
    scale = network(torch.ones(3, 6, *sides), scalars) - shift
    features = torch.randn(3, 6, *sides, generator=generator(1))
    torch.testing.assert_close(network(features, scalars), features * scale + shift)
    for values in (scale, shift):
        flat = values.flatten(2) if sides else values[..., None]
        assert torch.equal(flat, flat[..., :1].expand_as(flat))
        assert flat[:, :, 0].std(dim=1).min() > 0  # of each feature
        assert flat[:, :, 0].std(dim=0).min() > 0  # of each example


def test_without_weight_features_stay_as_they_are():
    network = FeatureModulation(1, 6)
    for parameter in network.out.parameters():
        nn.init.zeros_(parameter)
    features = torch.randn(3, 6, generator=generator())
    assert torch.equal(network(features, torch.randn(3, 1, generator=generator(1))), features)
