"""What the reconstruction has to beat: the class mean and the two linear optima, as answers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from rfmae.analysis.linear_denoiser import LinearDenoiser, linear_denoiser
from rfmae.analysis.linear_mae import CountedMasks, LinearMae, held_out_linear_mae
from rfmae.analysis.moments import Moments
from rfmae.analysis.patch_basis import PatchBasis, patch_basis
from rfmae.datasets.store import Dataset
from rfmae.inference import render_images
from rfmae.models.masking import complementary_masks
from rfmae.models.patches import PatchGrid, patchify, unpatchify
from rfmae.records import FloatArray, IntArray

BATCH = 256


@dataclass(frozen=True, slots=True)
class Drawn:
    """Images (N, C, H, W) of some examples and of their clean twins."""

    noisy: FloatArray
    clean: FloatArray
    label: IntArray
    snr_db: FloatArray


def draw(dataset: Dataset, split: str, rows: IntArray) -> Drawn:
    """Some rows of a split as images."""
    image = dataset.image
    pairs = {view: dataset.read(split, rows, view) for view in image.views}
    rate = dataset.samples_per_symbol(image.views[-1])
    observed = next(iter(pairs.values())).observed
    return Drawn(
        render_images({view: pair.observed.iq for view, pair in pairs.items()}, image, rate),
        render_images({view: pair.clean for view, pair in pairs.items()}, image, rate),
        observed.label,
        observed.snr_db,
    )


def batches(rows: IntArray) -> list[IntArray]:
    """Rows in pieces that fit into memory as images."""
    return np.split(rows, range(BATCH, len(rows), BATCH))


def spread_rows(total: int, count: int) -> IntArray:
    """So many rows of a split, evenly over its classes and SNR points."""
    return np.unique(np.linspace(0, total - 1, min(count, total)).astype(int))


def class_means(train: Drawn) -> FloatArray:
    """The mean clean image of each class, (M, C, H, W)."""
    classes = range(int(train.label.max()) + 1)
    return np.stack([train.clean[train.label == index].mean(axis=0) for index in classes])


def seeing_optimum(train: Drawn, held_out: Drawn) -> LinearDenoiser:
    """The linear optimum from which nothing is hidden."""
    return linear_denoiser(
        lambda: [(train.noisy, train.clean)],
        lambda: [(held_out.noisy, held_out.clean)],
        directions=len(train.noisy),  # which are all that so many images have
    )


@dataclass(frozen=True, slots=True)
class MaskedOptimum:
    """The linear masked autoencoder as a denoiser, asked as the network is."""

    mae: LinearMae
    basis: PatchBasis
    grid: PatchGrid
    visible: int

    def __call__(self, noisy: FloatArray, seed: int = 0) -> FloatArray:
        """Images (N, C, H, W) under the very masks that the network has of such a batch."""
        components = self.basis.narrowed(_patches(noisy, self.grid))
        total, times = np.zeros_like(components), np.zeros((*components.shape[:2], 1))
        generator = torch.Generator().manual_seed(seed)
        for mask in complementary_masks(len(noisy), self.grid.patches, self.visible, generator):
            hidden = mask.hidden.numpy()
            painted = self.mae.predict(components, hidden)
            total += np.where(hidden[..., None], painted, 0.0)
            times += hidden[..., None]
        patches = self.basis.widened((total / times).astype(np.float32))
        return unpatchify(torch.from_numpy(patches).contiguous(), self.grid).numpy().clip(0, 1)


def masked_optimum(
    dataset: Dataset, train: Drawn, grid: PatchGrid, visible: int, components: int
) -> MaskedOptimum:
    """The linear optimum of hidden patches over the whole training split.

    Every patch, noisy or clean, is kept as so many principal components of the clean ones of
    `train`: those of the noisy ones would be spent on noise. Validation chooses the ridge.
    """
    basis = patch_basis(_patches(train.clean, grid), components)
    moments = {split: Moments(grid.patches, components) for split in ("train", "validation")}
    for split, total in moments.items():
        for part in _parts(dataset, split):
            total.add(
                basis.narrowed(_patches(part.noisy, grid)),
                basis.narrowed(_patches(part.clean, grid)),
            )
    mae = held_out_linear_mae(moments["train"], moments["validation"], CountedMasks(visible))
    return MaskedOptimum(mae, basis, grid, visible)


def _parts(dataset: Dataset, split: str) -> Iterator[Drawn]:
    for rows in batches(np.arange(dataset.examples(split))):
        yield draw(dataset, split, rows)


def _patches(images: FloatArray, grid: PatchGrid) -> FloatArray:
    """Images as flat patches (N, L, P)."""
    return patchify(torch.from_numpy(np.ascontiguousarray(images)), grid.patch).numpy()
