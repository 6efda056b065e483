"""Temperature scaling: one temperature fitted on validation, kept in the checkpoint's card.

Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from rfmae.artefacts import CARD_NAME, read_card, write_json
from rfmae.evaluation.calibration import fit_temperature
from rfmae.models.checkpoint import load_checkpoint
from rfmae.records import FloatArray
from rfmae.training.loaders import InputSplit

_TOGETHER = 256
_KEY = "temperature"


def keep_temperature(
    checkpoint: Path, validation: Callable[[], InputSplit], device: torch.device
) -> None:
    """Fit the temperature of a classifier's checkpoint, unless its card has one already."""
    card = read_card(checkpoint) or {}
    if _KEY in card:
        return
    split = validation()
    fitted = fit_temperature(probabilities(checkpoint, split, device), split.label.numpy())
    write_json(checkpoint / CARD_NAME, {**card, _KEY: round(fitted, 4)})


@torch.inference_mode()
def probabilities(checkpoint: Path, split: InputSplit, device: torch.device) -> FloatArray:
    """Class probabilities (N, M) of a checkpoint's classifier on a split, at temperature 1."""
    network = load_checkpoint(checkpoint).build().to(device)
    found = [
        network(split.inputs(rows)).float().softmax(dim=1).cpu()
        for rows in torch.arange(len(split)).split(_TOGETHER)
    ]
    return torch.cat(found).numpy()
