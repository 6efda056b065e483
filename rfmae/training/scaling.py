"""What an encoder takes off its inputs: mean and deviation of each plane, measured once."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from rfmae.datasets.store import Dataset
from rfmae.models.patches import PatchGrid
from rfmae.progress import Silent
from rfmae.records import Modality
from rfmae.training.loaders import InputSplit

_MEASURED = 1024  # training examples, evenly through the classes and SNR points
_TOGETHER = 64

Scale = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of each plane of a modality."""


def scaled_grids(
    dataset: Dataset,
    modalities: Sequence[Modality],
    grids: tuple[PatchGrid, ...],
    device: torch.device,
) -> tuple[PatchGrid, ...]:
    """The grids with the scale of their inputs, measured on training examples of a data set."""
    count = dataset.examples("train")
    rows = torch.linspace(0, count - 1, min(count, _MEASURED)).round().long()
    split = InputSplit(dataset, "train", modalities, device, Silent(), rows=rows)
    found = plane_scales(split.inputs(part) for part in torch.arange(len(split)).split(_TOGETHER))
    return tuple(grid.scaled(*found[grid.name]) for grid in grids)


def plane_scales(batches: Iterable[Mapping[str, Tensor]]) -> dict[str, Scale]:
    """Mean and deviation of the planes of every input (N, C, ...), by modality.

    Rounded, so that every process finds the same; a plane that never changes has deviation 1.
    """
    count, means, squares = 0, dict[str, Tensor](), dict[str, Tensor]()
    for inputs in batches:
        examples = len(next(iter(inputs.values())))
        count += examples
        for name, values in inputs.items():
            planes = values.double().transpose(0, 1).flatten(1)
            means[name] = means.get(name, 0) + planes.mean(dim=1) * examples
            squares[name] = squares.get(name, 0) + planes.square().mean(dim=1) * examples
    return {name: _scale(means[name] / count, squares[name] / count) for name in means}


def _scale(mean: Tensor, mean_square: Tensor) -> Scale:
    deviation = (mean_square - mean.square()).clamp_min(0).sqrt()
    deviation = torch.where(deviation > 1e-6 * mean_square.sqrt(), deviation, 1.0)
    return _rounded(mean), _rounded(deviation)


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values.tolist())
