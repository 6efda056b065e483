"""Position classification of visible tokens, the second task of DenoMAE2.0."""

from torch import Tensor
from torch.nn import functional as F

from rfmae.configuration.objective import PositionTarget
from rfmae.models.patches import PatchMask


def position_target(mask: PatchMask, target: PositionTarget = "absolute") -> Tensor:
    """The label of each visible token, (N, V) long: the number of its patch, or its rank among
    the visible patches in their natural order.
    """
    if target == "rank":
        return mask.visible_ids.argsort(dim=1).argsort(dim=1)
    return mask.visible_ids


def position_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of logits (N, V, positions) against (N, V); a blind guess has ln positions."""
    return F.cross_entropy(logits.float().flatten(0, 1), target.flatten())


def position_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """Share of the tokens whose position is predicted correctly."""
    return (logits.argmax(-1) == target).float().mean()
