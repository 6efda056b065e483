"""The losses of pre-training, each a pure function of what the network said and the truth."""

from torch import Tensor
from torch.nn import functional as F

from rfmae.models.denomae import DenoMAEOutput
from rfmae.models.patches import PatchMask, take


def reconstruction_loss(predicted: Tensor, clean: Tensor, mask: PatchMask) -> Tensor:
    """Mean squared pixel error over the hidden patches; both arguments are (N, L, P)."""
    hidden = mask.hidden_ids
    return F.mse_loss(take(predicted, hidden).float(), take(clean, hidden).float())


def position_loss(position_logits: Tensor, mask: PatchMask) -> Tensor:
    """Cross-entropy over all L positions of each visible token (N, V, L).

    The target of token t is its own patch, `mask.visible_ids[t]`.
    """
    return F.cross_entropy(position_logits.float().flatten(0, 1), mask.visible_ids.flatten())


def position_accuracy(position_logits: Tensor, mask: PatchMask) -> Tensor:
    """Share of the visible tokens whose position is named right."""
    return (position_logits.argmax(-1) == mask.visible_ids).float().mean()


def denomae_losses(
    output: DenoMAEOutput, clean_patches: Tensor, position_weight: float
) -> dict[str, Tensor]:
    """The total `loss` = reconstruction + position_weight · position, and its parts."""
    reconstruction = reconstruction_loss(output.patches, clean_patches, output.mask)
    position = position_loss(output.position_logits, output.mask)
    return {
        "loss": reconstruction + position_weight * position,
        "reconstruction_loss": reconstruction,
        "position_loss": position,
        "position_accuracy": position_accuracy(output.position_logits, output.mask).detach(),
    }
