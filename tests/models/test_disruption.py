import math

import pytest
import torch
from scipy.stats import entropy

from rfmae.configuration.noising import Noising
from rfmae.errors import ShapeError
from rfmae.models.objectives.disruption import attention_metrics, disruption_loss, hard_bias
from rfmae.models.transformer import TransformerBlock

TOKENS = 196
HIDDEN, NOISED = torch.arange(118), torch.arange(118, 157)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(6)


@pytest.fixture
def attention(generator):
    """Weights of three layers of a few tokens."""
    scores = torch.randn(3, 2, 4, 12, 12, generator=generator)
    return list((3 * scores).softmax(dim=-1))


FEW_HIDDEN, FEW_NOISED = torch.tensor([7, 8, 9, 10, 11]), torch.tensor([5, 6])


def even(tokens=TOKENS):
    return [torch.full((2, 3, tokens, tokens), 1 / tokens)]


def test_even_rows_have_no_entropy_loss_and_one_hot_rows_all_of_it():
    pointed = [torch.eye(TOKENS).expand(2, 3, -1, -1)]
    assert disruption_loss(even(), HIDDEN, NOISED, "entropy").item() == pytest.approx(0, abs=1e-5)
    assert disruption_loss(pointed, HIDDEN, NOISED, "entropy").item() == 1


def test_even_attention_has_the_cross_mass_that_counting_gives():
    metrics = attention_metrics(even(), HIDDEN, NOISED)
    counted = 2 * 118 * 39 / (TOKENS * (118 + 39))
    assert counted == pytest.approx(0.299103, abs=1e-6)
    assert metrics["cross_mass"].item() == pytest.approx(counted, rel=1e-5)
    assert metrics["row_entropy"].item() == pytest.approx(1, abs=1e-5)


def test_even_attention_has_the_cross_loss_that_counting_gives():
    of_hidden, of_noised = -math.log(1 - 39 / TOKENS), -math.log(1 - 118 / TOKENS)
    counted = (118 * of_hidden + 39 * of_noised) / 157
    loss = disruption_loss(even(), HIDDEN, NOISED, "cross")
    assert loss.item() == pytest.approx(counted, rel=1e-4)  # 1e-6 is added within the logarithm


def test_tokens_that_never_meet_have_no_cross_loss_and_those_that_do_a_finite_one():
    kinds = torch.zeros(4, dtype=torch.long)
    kinds[2:] = 1
    apart = (kinds[:, None] == kinds).float() / 2
    places = torch.tensor([0, 1]), torch.tensor([2, 3])
    assert disruption_loss([apart[None, None]], *places, "cross").item() == pytest.approx(
        0, abs=2e-6
    )
    together = [(0.5 - apart)[None, None]]
    assert disruption_loss(together, *places, "cross").item() == pytest.approx(-math.log(1e-6))


def test_the_entropy_loss_is_the_mean_over_layers_and_hidden_rows(attention):
    rows = torch.stack(attention)[:, :, :, FEW_HIDDEN].double().numpy()
    expected = 1 - entropy(rows, axis=-1).mean() / math.log(12)
    loss = disruption_loss(attention, FEW_HIDDEN, FEW_NOISED, "entropy")
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_the_figures_are_what_the_losses_are_made_of(attention):
    for weights in attention:
        weights.requires_grad_()
    metrics = attention_metrics(attention, FEW_HIDDEN, FEW_NOISED)
    loss = disruption_loss(attention, FEW_HIDDEN, FEW_NOISED, "entropy")
    assert metrics["row_entropy"].item() == pytest.approx(1 - loss.item(), abs=1e-6)
    assert loss.requires_grad
    assert not any(figure.requires_grad for figure in metrics.values())


@pytest.mark.parametrize("mode", ["entropy", "cross"])
def test_a_network_can_learn_from_weights_that_are_zero(mode, generator):
    scores = torch.randn(1, 1, 6, 6, generator=generator)
    scores[..., 4:] = -torch.inf  # no token looks at the last two
    scores = scores.requires_grad_()
    hidden, noised = torch.tensor([1, 2]), torch.tensor([3, 4])
    disruption_loss([scores.softmax(dim=-1)], hidden, noised, mode).backward()
    assert scores.grad.isfinite().all()
    assert scores.grad.abs().max() > 0


def test_half_precision_is_summed_in_float32(attention):
    halves = [weights.bfloat16() for weights in attention]
    for mode in ("entropy", "cross"):
        loss = disruption_loss(halves, FEW_HIDDEN, FEW_NOISED, mode)
        exact = disruption_loss([half.float() for half in halves], FEW_HIDDEN, FEW_NOISED, mode)
        assert loss.dtype == torch.float32
        assert loss == exact


def cross_mass_after(mode, steps, generator):
    """Attention between 24 hidden and 8 noised of 40 tokens, at first and after some descent."""
    queries = torch.randn(1, 1, 40, 16, generator=generator).requires_grad_()
    keys = torch.randn(1, 1, 40, 16, generator=generator)
    places = torch.arange(24), torch.arange(24, 32)
    found = []
    for _ in range(steps + 1):
        weights = [(queries @ keys.transpose(-2, -1) / 4).softmax(dim=-1)]
        found.append(attention_metrics(weights, *places)["cross_mass"].item())
        (downhill,) = torch.autograd.grad(disruption_loss(weights, *places, mode), queries)
        queries.data -= 0.1 * downhill.sign()
    return found[0], found[-1]


def test_descending_cross_parts_hidden_and_noised_tokens(generator):
    before, after = cross_mass_after("cross", 100, generator)
    assert before > 0.2
    assert after < 0.005


def test_descending_entropy_suppresses_nothing_between_hidden_and_noised_tokens(generator):
    """Its optimum is even attention, in which they meet as often as counting says."""
    start = generator.get_state()
    before, cross = cross_mass_after("cross", 20, generator)
    same, flat = cross_mass_after("entropy", 20, generator.set_state(start))
    assert same == before
    assert cross < before / 4
    assert flat > 0.9 * before


def test_attention_between_hidden_and_noised_tokens_is_what_is_suppressed_by_default():
    assert Noising().disruption == "cross"


def test_hard_mode_forbids_the_pairs_of_hidden_and_noised_alone():
    bias = hard_bias(5, torch.tensor([3, 4]), torch.tensor([1]))
    forbidden = {(3, 1), (4, 1), (1, 3), (1, 4)}
    assert {tuple(pair) for pair in bias.isinf().nonzero().tolist()} == forbidden
    assert bias.masked_fill(bias.isinf(), 0).any().item() is False
    assert (bias[bias.isinf()] < 0).all()


def test_hard_mode_has_no_loss():
    assert disruption_loss([], FEW_HIDDEN, FEW_NOISED, "hard").item() == 0


def slope(blocks, bias, tokens):
    """The largest slope of a hidden token's output in a noised token's input."""
    tokens = tokens.clone().requires_grad_()
    mixed = tokens
    for block in blocks:
        mixed = block(mixed, bias=bias)
    # a random direction: the sum behind layer norms has hardly a slope
    direction = torch.randn(16, generator=torch.Generator().manual_seed(1))
    (mixed[:, FEW_HIDDEN] @ direction).sum().backward()
    return tokens.grad[:, FEW_NOISED].abs().max().item()


def test_hard_mode_parts_them_within_a_layer_and_not_from_one_to_the_next(generator):
    tokens = torch.randn(2, 12, 16, generator=generator)
    blocks = [TransformerBlock(16, 2), TransformerBlock(16, 2)]
    with torch.no_grad():
        for block in blocks:
            for parameter in block.parameters():
                parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    bias = hard_bias(12, FEW_HIDDEN, FEW_NOISED)
    assert slope(blocks[:1], None, tokens) > 1e-3
    assert slope(blocks[:1], bias, tokens) == 0
    assert slope(blocks, bias, tokens) > 1e-3  # by way of the tokens of neither kind


def test_hard_mode_parts_them_for_good_where_there_is_no_third_kind(generator):
    tokens = torch.randn(2, 7, 16, generator=generator)
    bias = hard_bias(7, torch.arange(5), torch.arange(5, 7))
    mixed = tokens.requires_grad_()
    for _ in range(3):
        mixed = TransformerBlock(16, 2)(mixed, bias=bias)
    mixed[:, :5].square().sum().backward()
    assert not tokens.grad[:, 5:].any()


def test_disruption_without_attention_or_tokens_is_refused(attention):
    none = torch.zeros(0, dtype=torch.long)
    with pytest.raises(ShapeError, match="got 0, 5 and 2"):
        disruption_loss([], FEW_HIDDEN, FEW_NOISED, "cross")
    with pytest.raises(ShapeError, match="got 3, 5 and 0"):
        attention_metrics(attention, FEW_HIDDEN, none)
