"""Mean and deviation of encoder inputs, measured once on training examples."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from rfmae.datasets.store import Dataset
from rfmae.models.patches import PatchGrid
from rfmae.models.rings import HarmonicGrid
from rfmae.progress import Silent
from rfmae.records import Modality
from rfmae.training.loaders import InputSplit

_MEASURED = 1024  # training examples, evenly through the classes and SNR points
_TOGETHER = 64

Grid = TypeVar("Grid", PatchGrid, HarmonicGrid, PatchGrid | HarmonicGrid)

Moments = tuple[Tensor, Tensor]
"""Mean and mean square of every number of a modality over the examples, float64."""


def scaled_grids(
    dataset: Dataset,
    modalities: Sequence[Modality],
    grids: tuple[Grid, ...],
    device: torch.device,
) -> tuple[Grid, ...]:
    """The grids with the scale of their inputs, measured on training examples of a data set."""
    count = dataset.examples("train")
    rows = torch.linspace(0, count - 1, min(count, _MEASURED)).round().long()
    split = InputSplit(dataset, "train", modalities, device, Silent(), rows=rows)
    found = moments(split.inputs(part) for part in torch.arange(len(split)).split(_TOGETHER))
    return tuple(grid.scaled_by(*found[grid.name]) for grid in grids)


def moments(batches: Iterable[Mapping[str, Tensor]]) -> dict[str, Moments]:
    """Moments of every input (N, ...), by modality, each (...)."""
    count, means, squares = 0, dict[str, Tensor](), dict[str, Tensor]()
    for inputs in batches:
        count += len(next(iter(inputs.values())))
        for name, values in inputs.items():
            values = values.double()
            means[name] = means.get(name, 0) + values.sum(dim=0)
            squares[name] = squares.get(name, 0) + values.square().sum(dim=0)
    return {name: (means[name].cpu() / count, squares[name].cpu() / count) for name in means}
