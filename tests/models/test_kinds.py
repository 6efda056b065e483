"""Every available kind of network, and what it is built from."""

from dataclasses import asdict
from typing import get_args

import pytest
import torch
from small_networks import IMAGE, SIGNAL, SNR, generator

from rfmae.errors import RecipeError
from rfmae.models.encoders import (
    build_encoder,
    encoder_from_card,
    initialise_encoder,
    with_grids,
)
from rfmae.models.kinds import NETWORKS, Network, find_network
from rfmae.models.rings import HarmonicGrid

HARMONICS = HarmonicGrid("harmonics", (False, True))
SEEN = {
    "vit": (IMAGE, SIGNAL),
    "rings": (HARMONICS, SNR),
    "cnn": (IMAGE, SNR),
    "resnet": (SIGNAL,),
    "lstm": (SIGNAL,),
}


def test_the_kinds_are_those_that_can_be_requested():
    assert set(NETWORKS) == set(get_args(Network))
    assert {name for name, kind in NETWORKS.items() if kind.is_pretrained} == {"vit", "rings"}


@pytest.mark.parametrize(("name", "words"), [("ring", "did you mean rings"), ("vgg", "known: vit")])
def test_an_unknown_network_is_refused_with_the_nearest(name, words):
    with pytest.raises(RecipeError, match=f"unknown network '{name}'; {words}"):
        find_network(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_is_drawn_from_its_seed_and_makes_features_of_its_width(name):
    config = find_network(name).encoder("tiny", SEEN[name])
    inputs = {grid.name: torch.rand(3, *grid.shape, generator=generator()) for grid in SEEN[name]}
    one, again, other = (build_encoder(config) for _ in range(3))
    for encoder, seed in ((one, 0), (again, 0), (other, 1)):
        initialise_encoder(encoder.eval(), generator(seed))
    features = one.features(inputs)
    assert features.shape == (3, config.width)
    assert torch.equal(features, again.features(inputs))
    assert not torch.equal(features, other.features(inputs))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_card_and_other_grids_keep_kind_and_size(name):
    config = find_network(name).encoder("tiny", SEEN[name])
    assert encoder_from_card(asdict(config)) == config
    scaled = tuple(
        grid.scaled_by(torch.zeros(grid.shape), torch.full(grid.shape, 4.0)) for grid in SEEN[name]
    )
    other = with_grids(config, scaled)
    assert other != config
    assert other.modalities == scaled
    assert with_grids(other, SEEN[name]) == config
