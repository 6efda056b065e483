"""Stochastic depth: off it is not there, on it drops whole branches of whole examples."""

import pytest
import torch
from small_networks import IMAGE, SIGNAL, assert_same_gradients, generator, shake

from rfmae.models.classifier import Classifier, ClassifierConfig
from rfmae.models.transformer import draw_paths, initialise
from rfmae.models.vit import Encoder, EncoderConfig

DEPTH = 4
CONFIG = EncoderConfig((IMAGE, SIGNAL), 16, DEPTH, 2)


@pytest.fixture
def encoder():
    made = Encoder(CONFIG)
    initialise(made, generator())
    shake(made)
    return made


@pytest.fixture
def inputs():
    draws = generator(1)
    return {grid.name: torch.rand(5, *grid.shape, generator=draws) for grid in (IMAGE, SIGNAL)}


def test_off_it_draws_nothing():
    draws = generator()
    assert draw_paths(DEPTH, 5, 0.0, draws) is None
    assert torch.equal(draws.get_state(), generator().get_state())


def test_paths_that_all_stay_change_nothing_to_the_bit(encoder, inputs):
    stay = torch.ones(DEPTH, 2, 5)
    assert torch.equal(encoder(inputs, paths=stay), encoder(inputs))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_branches_fall_out_more_often_the_deeper_and_never_in_the_first_block(rate):
    n = 20_000
    paths = draw_paths(DEPTH, n, rate, generator())
    share = (paths == 0).float().mean(dim=(1, 2))
    # 40,000 draws of each block: five deviations
    expected = torch.linspace(0, rate, DEPTH)
    torch.testing.assert_close(share, expected, atol=5 * (0.25 / 40_000) ** 0.5, rtol=0)
    assert share[0] == 0
    torch.testing.assert_close(paths.mean(dim=(1, 2)), torch.ones(DEPTH), atol=0.03, rtol=0)


def test_attention_and_perceptron_fall_out_on_their_own():
    one, other = (draw_paths(2, 4000, 0.5, generator())[1] == 0).float()
    both = (one * other).mean()
    assert both == pytest.approx(0.25, abs=0.035)  # five deviations of 4,000 trials


def test_a_block_whose_branches_fall_out_is_the_shortcut(encoder, inputs):
    """Without both branches of all blocks the tokens reach the last norm as they were embedded."""
    out = encoder(inputs, paths=torch.zeros(DEPTH, 2, 5))
    embedded = torch.cat([encoder.first(inputs), *encoder.embedded(inputs).values()], dim=1)
    torch.testing.assert_close(out, encoder.norm(embedded))


def test_paths_of_one_example_leave_the_others_alone(encoder, inputs):
    paths = torch.ones(DEPTH, 2, 5)
    paths[2, :, 3] = 0
    dropped, whole = encoder(inputs, paths=paths), encoder(inputs)
    others = [0, 1, 2, 4]
    assert torch.equal(dropped[others], whole[others])
    assert not torch.allclose(dropped[3], whole[3])


def test_what_stays_is_as_much_stronger(encoder, inputs):
    """A weight of two adds what a branch adds twice."""
    block, tokens = encoder.blocks[0], torch.randn(3, 6, 16, generator=generator(2))
    added = block.attention(block.norm_attention(tokens))
    paths = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    expected = tokens + added * torch.tensor([2.0, 0.0, 1.0])[:, None, None]
    torch.testing.assert_close(block(tokens, paths=paths), expected)


def test_a_classifier_takes_paths_and_a_dropped_branch_learns_nothing():
    network = Classifier(ClassifierConfig(CONFIG, 3, (8,)))
    initialise(network, generator())
    shake(network)
    draws = generator(1)
    inputs = {grid.name: torch.rand(4, *grid.shape, generator=draws) for grid in (IMAGE, SIGNAL)}
    paths = torch.ones(DEPTH, 2, 4)
    paths[1, 1] = 0
    network(inputs, (), paths).square().sum().backward()
    for name, weight in network.named_parameters():
        dropped = name.startswith("encoder.blocks.1.") and "perceptron" in name
        learns = weight.grad is not None and bool(weight.grad.abs().sum() > 0)
        assert learns != dropped, name


def test_a_compiled_network_drops_alike(encoder, inputs):
    compiled = torch.compile(encoder, backend="eager", fullgraph=True)
    paths = draw_paths(DEPTH, 5, 0.5, generator())
    gradients = []
    for variant in (encoder, compiled):
        encoder.zero_grad()
        variant(inputs, paths=paths).square().sum().backward()
        gradients.append({name: p.grad.clone() for name, p in encoder.named_parameters()})
    assert_same_gradients(gradients[1], gradients[0], 1e-5)
