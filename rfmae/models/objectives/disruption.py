"""Disruption losses, which suppress attention between hidden and noised tokens.

The paper describes the suppression in words alone (arXiv 2412.19104). `cross` and `hard`
implement that; `entropy` follows the description of the authors' code, which raises the entropy of
the attention of hidden tokens. Its optimum is uniform attention, which still includes the other
kind: it suppresses nothing between the two.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rfmae.configuration.noising import DisruptionMode
from rfmae.errors import ShapeError

_SMALLEST_WEIGHT = 1e-30
_SMALLEST_REST = 1e-6


def disruption_loss(
    attention: Sequence[Tensor], hidden: Tensor, noised: Tensor, mode: DisruptionMode
) -> Tensor:
    """The disruption loss of attention weights (N, heads, T, T) of each layer.

    `hidden` and `noised` are their indices among the T tokens. With mode `cross`, −ln of the weight
    that a token of either kind leaves to all but the other kind; with `entropy`, how far the rows
    of hidden tokens are from uniform, 0 to 1; `hard` relies on `hard_bias` and is zero. Means over
    layers, examples, heads and tokens, in float32.
    """
    if mode == "hard":
        return torch.zeros((), device=hidden.device)
    _check(attention, hidden, noised)
    if mode == "cross":
        rest = [1 - _cross_mass(weights, hidden, noised) for weights in attention]
        # weights that round to a sum just above one leave a negative rest
        return -(torch.stack(rest).clamp(min=0) + _SMALLEST_REST).log().mean()
    return 1 - torch.stack([_row_entropy(weights, hidden) for weights in attention]).mean()


def attention_metrics(
    attention: Sequence[Tensor], hidden: Tensor, noised: Tensor
) -> dict[str, Tensor]:
    """`row_entropy` of hidden tokens over its largest, ln T, and the mean `cross_mass`, the weight
    between hidden and noised tokens; no gradient flows through them.
    """
    _check(attention, hidden, noised)
    layers = [weights.detach() for weights in attention]
    entropy = [_row_entropy(weights, hidden).mean() for weights in layers]
    mass = [_cross_mass(weights, hidden, noised).mean() for weights in layers]
    return {"row_entropy": torch.stack(entropy).mean(), "cross_mass": torch.stack(mass).mean()}


def hard_bias(
    tokens: int, hidden: Tensor, noised: Tensor, device: torch.device | str | None = None
) -> Tensor:
    """A bias of attention scores (T, T) that cuts attention between hidden and noised tokens.

    It acts within one layer: in the next, information may come back through other tokens.
    """
    kind = torch.zeros(tokens, device=device)
    kind = kind.index_fill(0, hidden.to(kind.device), 1).index_fill(0, noised.to(kind.device), -1)
    meeting = kind[:, None] * kind[None, :] < 0
    return torch.zeros(tokens, tokens, device=device).masked_fill(meeting, -math.inf)


def _check(attention: Sequence[Tensor], hidden: Tensor, noised: Tensor) -> None:
    if not attention or not len(hidden) or not len(noised):
        raise ShapeError(
            "disruption needs layers, hidden and noised tokens, "
            f"got {len(attention)}, {len(hidden)} and {len(noised)}"
        )


def _row_entropy(weights: Tensor, rows: Tensor) -> Tensor:
    """Entropy of some rows of (N, heads, T, T) over its largest, ln T, (N, heads, rows)."""
    weights = weights.index_select(-2, rows).float()
    # 0·ln 0 is zero, and so is its gradient behind a softmax: never compute ln 0
    nats = -(weights * weights.clamp(min=_SMALLEST_WEIGHT).log()).sum(dim=-1)
    return nats / math.log(weights.shape[-1])


def _cross_mass(weights: Tensor, hidden: Tensor, noised: Tensor) -> Tensor:
    """Attention of each hidden token to noised ones, and of each noised one to hidden ones."""
    of_hidden = weights.index_select(-2, hidden).index_select(-1, noised)
    of_noised = weights.index_select(-2, noised).index_select(-1, hidden)
    return torch.cat([of_hidden.float().sum(dim=-1), of_noised.float().sum(dim=-1)], dim=-1)
