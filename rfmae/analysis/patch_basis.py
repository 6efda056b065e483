"""Principal components of every patch, to reduce large images."""

from dataclasses import dataclass

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import FloatArray


@dataclass(frozen=True, slots=True)
class PatchBasis:
    """Orthonormal axes for each patch; patches stay separate, so that masking is unchanged."""

    mean: FloatArray  # (L, P)
    axes: FloatArray  # (L, P, R)

    def narrowed(self, patches: FloatArray) -> FloatArray:
        """Patches (N, L, P) as R components each, (N, L, R)."""
        centred = (patches - self.mean).transpose(1, 0, 2)
        return np.matmul(centred, self.axes).transpose(1, 0, 2)

    def widened(self, components: FloatArray) -> FloatArray:
        """Components (N, L, R) as patches again, (N, L, P)."""
        parts = np.matmul(components.transpose(1, 0, 2), self.axes.transpose(0, 2, 1))
        return parts.transpose(1, 0, 2) + self.mean


def patch_basis(patches: FloatArray, components: int) -> PatchBasis:
    """The `components` directions of each patch of (N, L, P) that hold most of its variance."""
    if patches.ndim != 3 or not 1 <= components <= patches.shape[2]:
        raise ShapeError(
            f"components must number 1 to the values of a patch, got {components} "
            f"of patches {patches.shape}"
        )
    mean = patches.mean(axis=0)
    axes = np.stack([_axes(patches[:, place] - mean[place]) for place in range(len(mean))])
    return PatchBasis(mean, axes[..., :components])


def _axes(rows: FloatArray) -> FloatArray:
    """All principal directions of centred rows (N, P), the strongest first, (P, P)."""
    _, axes = np.linalg.eigh(rows.T @ rows)
    return axes[:, ::-1].astype(rows.dtype)
