import pytest
import torch
from small_networks import assert_same_gradients, generator, shake
from torch import nn
from torch.nn import functional as F

from rfmae.errors import ShapeError
from rfmae.models.transformer import (
    Attention,
    TransformerBlock,
    attend,
    attention_weights,
    initialise,
    sine_cosine_positions,
)

WIDTH, HEADS = 16, 4


@pytest.fixture
def tokens():
    return torch.randn(3, 9, WIDTH, generator=generator(1))


def drawn(module):
    initialise(module, generator())
    shake(module)
    return module


def as_torch_has_it(attention):
    """The same attention, by torch."""
    reference = nn.MultiheadAttention(attention.width, attention.heads, batch_first=True)
    reference.in_proj_weight.data.copy_(attention.qkv.weight)
    reference.in_proj_bias.data.copy_(attention.qkv.bias)
    reference.out_proj.load_state_dict(attention.out.state_dict())
    return reference


def test_attention_is_the_fused_one_of_torch():
    query, key, value = torch.randn(3, 2, 4, 9, 8, generator=generator())
    fused = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(attend(query, key, value), fused)


def test_attention_is_the_multi_head_attention_of_torch(tokens):
    attention, seen = drawn(Attention(WIDTH, HEADS)), []
    expected, weights = as_torch_has_it(attention)(
        tokens, tokens, tokens, average_attn_weights=False
    )
    torch.testing.assert_close(attention(tokens, seen=seen), expected)
    torch.testing.assert_close(seen[0], weights)


def test_a_bias_is_the_mask_of_torch(tokens):
    attention = drawn(Attention(WIDTH, HEADS))
    bias = torch.randn(9, 9, generator=generator(2))
    bias[2, 5] = -torch.inf
    expected, _ = as_torch_has_it(attention)(tokens, tokens, tokens, attn_mask=bias)
    torch.testing.assert_close(attention(tokens, bias=bias), expected)


def test_a_block_is_the_pre_norm_layer_of_torch(tokens):
    block = drawn(TransformerBlock(WIDTH, HEADS))
    reference = nn.TransformerEncoderLayer(
        WIDTH,
        HEADS,
        4 * WIDTH,
        dropout=0,
        activation="gelu",
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    )
    reference.self_attn = as_torch_has_it(block.attention)
    reference.norm1.load_state_dict(block.norm_attention.state_dict())
    reference.norm2.load_state_dict(block.norm_perceptron.state_dict())
    reference.linear1.load_state_dict(block.perceptron[0].state_dict())
    reference.linear2.load_state_dict(block.perceptron[2].state_dict())
    torch.testing.assert_close(block(tokens), reference.train()(tokens))


@pytest.mark.parametrize("queries", [1, 4, 9])
def test_a_block_that_answers_some_tokens_answers_as_one_that_answers_all(queries, tokens):
    block = drawn(TransformerBlock(WIDTH, HEADS))
    answers = []
    for some in (queries, None):
        block.zero_grad()
        given = tokens.clone().requires_grad_()
        answer = block(given, queries=some)[:, -queries:]
        answer.square().sum().backward()
        gradients = {name: p.grad.clone() for name, p in block.named_parameters()}
        answers.append((answer, {**gradients, "tokens": given.grad}))
    (some, found), (every, expected) = answers
    torch.testing.assert_close(some, every)
    assert_same_gradients(found, expected, 1e-5)


def test_who_looks_on_sees_each_layer_and_changes_nothing(tokens):
    block, seen = drawn(TransformerBlock(WIDTH, HEADS)), []
    torch.testing.assert_close(block(tokens, seen=seen), block(tokens))
    assert [weights.shape for weights in seen] == [(3, HEADS, 9, 9)]


def test_rows_of_attention_sum_to_one_and_a_forbidden_pair_has_no_weight():
    query, key = torch.randn(2, 2, 4, 9, 8, generator=generator())
    bias = torch.zeros(9, 9)
    bias[0, 3] = -torch.inf
    weights = attention_weights(query, key, bias)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 4, 9))
    assert (weights[..., 0, 3] == 0).all()


def test_a_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(ShapeError, match="multiple of heads, got 16 and 3"):
        Attention(16, 3)


@pytest.mark.parametrize(
    ("counts", "width"), [((14, 14), 64), ((3, 9), 32), ((196,), 64), ((1,), 8)], ids=str
)
def test_positions_are_all_different(counts, width):
    positions = sine_cosine_positions(counts, width)
    assert positions.shape == (torch.tensor(counts).prod(), width)
    assert torch.cdist(positions, positions).fill_diagonal_(9).min() > 0.1


def test_half_of_the_width_encodes_the_row_and_half_the_column():
    positions = sine_cosine_positions((3, 5), 16).view(3, 5, 16)
    assert torch.equal(positions[:, :1, :8].expand(3, 5, 8), positions[..., :8])
    assert torch.equal(positions[:1, :, 8:].expand(3, 5, 8), positions[..., 8:])
    assert torch.equal(positions[0, :, 8:], sine_cosine_positions((5,), 8))


@pytest.mark.parametrize(("counts", "width", "divisor"), [((4, 4), 18, 4), ((9,), 7, 2)], ids=str)
def test_a_width_that_positions_do_not_fit_is_refused(counts, width, divisor):
    with pytest.raises(ShapeError, match=f"a width that {divisor} divides, got {width}"):
        sine_cosine_positions(counts, width)


def test_the_seed_decides_the_weights_and_nothing_else_does():
    first, second, other = (TransformerBlock(WIDTH, HEADS) for _ in range(3))
    torch.manual_seed(1)
    for block, seed in ((first, 1), (second, 1), (other, 2)):
        initialise(block, generator(seed))
        torch.rand(7)  # whatever the global generator does in between
    same = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    assert not torch.equal(first.attention.out.weight, other.attention.out.weight)


def test_linear_layers_begin_as_the_papers_have_it():
    block = TransformerBlock(64, 4)
    initialise(block, generator())
    weight = block.perceptron[0].weight
    bound = (6 / (64 + 256)) ** 0.5
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)  # 16,384 draws
    assert (block.perceptron[0].bias == 0).all()
    assert (block.norm_attention.weight == 1).all()
