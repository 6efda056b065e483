"""The pre-norm transformer block and the sine-cosine positions."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rfmae.errors import ShapeError

_NORM_EPS = 1e-6


def layer_norm(width: int) -> nn.LayerNorm:
    """The layer norm of every ViT here."""
    return nn.LayerNorm(width, eps=_NORM_EPS)


class Attention(nn.Module):
    """Multi-head self-attention (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ShapeError(f"width must be a multiple of heads, got {width} and {heads}")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        n, count, width = tokens.shape
        qkv = self.qkv(tokens).view(n, count, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (N, heads, L, width / heads)
        mixed = _attend(query, key, value).transpose(1, 2).reshape(n, count, width)
        return self.out(mixed)


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Fused on a GPU; three plain products on a CPU, where at 50 to 200 tokens they are faster."""
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value)
    weights = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    return weights.softmax(dim=-1) @ value


class Block(nn.Module):
    """Attention and a two-layer perceptron, each behind a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, expansion: int = 4) -> None:
        super().__init__()
        self.norm_attention = layer_norm(width)
        self.attention = Attention(width, heads)
        self.norm_perceptron = layer_norm(width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm_attention(tokens))
        return tokens + self.perceptron(self.norm_perceptron(tokens))


def sine_cosine_positions(side: int, width: int) -> Tensor:
    """Fixed two-dimensional positions of a square grid, (side², width): half rows, half columns."""
    if width % 4:
        raise ShapeError(f"sine-cosine positions need a width that 4 divides, got {width}")
    quarter = width // 4
    frequencies = torch.exp(-math.log(10_000) * torch.arange(quarter) / quarter)
    angles = torch.arange(side)[:, None] * frequencies
    along = torch.cat([angles.sin(), angles.cos()], dim=1)  # (side, width / 2)
    rows = along[:, None].expand(side, side, -1)
    columns = along[None, :].expand(side, side, -1)
    return torch.cat([rows, columns], dim=-1).reshape(side**2, width)


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights anew: Xavier-uniform linear layers with zero bias and unit norms, as the
    papers have it, and tokens with a deviation of 0.02.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)
    for name, parameter in network.named_parameters():
        if name.endswith("_token"):
            nn.init.normal_(parameter, std=0.02, generator=generator)
