"""The pre-norm transformer block, stochastic depth and sine-cosine positions."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rfmae.errors import ShapeError

_NORM_EPS = 1e-6
_TOKEN_DEVIATION = 0.02


def layer_norm(width: int) -> nn.LayerNorm:
    """The layer norm of every ViT here."""
    return nn.LayerNorm(width, eps=_NORM_EPS)


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ShapeError(f"width must be a multiple of heads, got {width} and {heads}")
        self.width, self.heads = width, heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        tokens: Tensor,
        *,
        queries: int | None = None,
        bias: Tensor | None = None,
        seen: list[Tensor] | None = None,
    ) -> Tensor:
        """Attention output (N, A, width) of tokens (N, T, width).

        The last `queries` tokens are queries, all of them by default. `bias` (A, T) is added before
        the softmax. The weights (N, heads, A, T) are appended to `seen` where it is given.
        """
        query, key, value = self._projected(tokens, queries)
        if bias is None and seen is None:
            mixed = attend(query, key, value)
        else:
            weights = attention_weights(query, key, bias)
            mixed = weights @ value
            if seen is not None:
                seen.append(weights)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _projected(self, tokens: Tensor, queries: int | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (N, heads, tokens, width / heads)."""
        if queries is None:
            query, key, value = self._split(self.qkv(tokens), 3)
        else:  # the other tokens need no query
            weight, bias, width = self.qkv.weight, self.qkv.bias, self.width
            last = tokens[:, tokens.shape[1] - queries :]
            (query,) = self._split(F.linear(last, weight[:width], bias[:width]), 1)
            key, value = self._split(F.linear(tokens, weight[width:], bias[width:]), 2)
        return query, key, value

    def _split(self, projected: Tensor, parts: int) -> Iterable[Tensor]:
        n, count, _ = projected.shape
        heads = projected.view(n, count, parts, self.heads, self.width // self.heads)
        return heads.permute(2, 0, 3, 1, 4).unbind()


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Fused on a GPU; three plain products on a CPU, where at 50 to 200 tokens they are faster."""
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value)
    return attention_weights(query, key) @ value


def attention_weights(query: Tensor, key: Tensor, bias: Tensor | None = None) -> Tensor:
    """Attention weights (N, heads, A, T) of queries and keys; rows sum to one."""
    affinity = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    return (affinity if bias is None else affinity + bias.to(affinity)).softmax(dim=-1)


class TransformerBlock(nn.Module):
    """Attention and a two-layer perceptron, each behind a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, expansion: int = 4) -> None:
        super().__init__()
        self.norm_attention = layer_norm(width)
        self.attention = Attention(width, heads)
        self.norm_perceptron = layer_norm(width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(
        self,
        tokens: Tensor,
        *,
        queries: int | None = None,
        bias: Tensor | None = None,
        seen: list[Tensor] | None = None,
        paths: Tensor | None = None,
    ) -> Tensor:
        """The query tokens (see `Attention`) after this block.

        `paths` (2, N) are weights of both branches for each example (see `draw_paths`).
        """
        mixed = self.attention(self.norm_attention(tokens), queries=queries, bias=bias, seen=seen)
        if queries is not None:
            tokens = tokens[:, tokens.shape[1] - queries :]
        tokens = tokens + _weighed(mixed, paths, 0)
        return tokens + _weighed(self.perceptron(self.norm_perceptron(tokens)), paths, 1)


def _weighed(added: Tensor, paths: Tensor | None, branch: int) -> Tensor:
    return added if paths is None else added * paths[branch, :, None, None].to(added)


def draw_paths(depth: int, n: int, rate: float, generator: torch.Generator) -> Tensor | None:
    """Weights (depth, 2, n) of the branches of each block for each of n examples; none at rate 0.

    Stochastic depth (Huang et al., ECCV 2016): a branch is dropped for a whole example with a
    probability that rises linearly from zero in the first block to `rate` in the last, and the
    others are scaled up, so that the mean is unchanged.
    """
    if rate == 0:
        return None
    shape = (depth, 2, n)
    drawn = torch.rand(shape, generator=generator, device=generator.device)
    falling = torch.linspace(0, rate, depth, device=generator.device)[:, None, None]
    return (drawn >= falling) / (1 - falling)


def sine_cosine_positions(counts: tuple[int, ...], width: int) -> Tensor:
    """Fixed positions of a grid of patches, (rows · columns, width) or (patches in time, width).

    Of an image, half of the width encodes the row and half the column.
    """
    if width % (2 * len(counts)):
        raise ShapeError(
            f"sine-cosine positions need a width that {2 * len(counts)} divides, got {width}"
        )
    if len(counts) == 1:
        return _sines(counts[0], width)
    rows, columns = (_sines(count, width // 2) for count in counts)
    grid = (*counts, -1)
    both = [rows[:, None].expand(*grid), columns[None, :].expand(*grid)]
    return torch.cat(both, dim=-1).flatten(0, 1)


def _sines(count: int, width: int) -> Tensor:
    """Sines and cosines of falling frequencies along one axis, (count, width)."""
    half = width // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(half) / half)
    angles = torch.arange(count)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Initialise all weights: Xavier-uniform linear layers with zero bias and unit norms, as the
    papers have it; tokens and learned positions with a deviation of 0.02.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
    for name, parameter in network.named_parameters():
        if name.endswith(("_token", "positions")):
            nn.init.normal_(parameter, std=_TOKEN_DEVIATION, generator=generator)
