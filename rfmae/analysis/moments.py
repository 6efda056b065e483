"""First and second moments of noisy and clean patches, summed over batches in double precision."""

from dataclasses import dataclass

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import FloatArray


@dataclass(frozen=True, slots=True)
class Covariances:
    """Second moments about some mean, an average over examples; a row for each noisy value.

    Of the clean values only the power of each patch is kept: nothing else enters a loss.
    """

    noisy: FloatArray  # (D, D), D = patches · values
    cross: FloatArray  # (D, D): noisy down, clean across
    clean_power: FloatArray  # (L,), the sum over the values of a patch
    patches: int


class Moments:
    """Moments of pairs of flat patches (N, L, P), noisy y and clean x, added batch by batch.

    For a plain masked autoencoder the clean patches are the noisy ones again.
    """

    def __init__(self, patches: int, values: int) -> None:
        self.patches, self.values = patches, values
        size = patches * values
        self.count = 0
        self._noisy, self._clean = np.zeros(size), np.zeros(size)
        self._clean_squared = np.zeros(size)
        self._noisy_noisy, self._noisy_clean = np.zeros((size, size)), np.zeros((size, size))

    def add(self, noisy: FloatArray, clean: FloatArray) -> None:
        """Count examples, both (N, L, P) of any precision."""
        y, x = self._flat(noisy), self._flat(clean)
        if len(y) != len(x):
            raise ShapeError(f"every noisy example needs its clean one, got {len(y)} and {len(x)}")
        self.count += len(y)
        self._noisy += y.sum(axis=0)
        self._clean += x.sum(axis=0)
        self._clean_squared += (x * x).sum(axis=0)
        self._noisy_noisy += y.T @ y
        self._noisy_clean += y.T @ x

    @property
    def mean_noisy(self) -> FloatArray:
        """(L, P)."""
        return self._mean(self._noisy)

    @property
    def mean_clean(self) -> FloatArray:
        """(L, P)."""
        return self._mean(self._clean)

    def covariances(self, mean_noisy: FloatArray, mean_clean: FloatArray) -> Covariances:
        """Second moments about the given means (L, P), of these examples or of others."""
        own_y, own_x = self.mean_noisy.ravel(), self.mean_clean.ravel()
        off_y, off_x = own_y - mean_noisy.ravel(), own_x - mean_clean.ravel()
        # E(y − m)(x − k)' = E yx' − E y E x' + (E y − m)(E x − k)'
        noisy = self._noisy_noisy / self.count
        noisy += np.outer(off_y, off_y) - np.outer(own_y, own_y)
        cross = self._noisy_clean / self.count
        cross += np.outer(off_y, off_x) - np.outer(own_y, own_x)
        power = self._clean_squared / self.count - own_x**2 + off_x**2
        return Covariances(noisy, cross, power.reshape(self.patches, -1).sum(axis=1), self.patches)

    def _mean(self, total: FloatArray) -> FloatArray:
        if self.count == 0:
            raise ShapeError("moments need at least one example, got none; add some first")
        return (total / self.count).reshape(self.patches, self.values)

    def _flat(self, patches: FloatArray) -> FloatArray:
        if patches.ndim != 3 or patches.shape[1:] != (self.patches, self.values):
            raise ShapeError(
                f"patches must be (N, {self.patches}, {self.values}), got {patches.shape}"
            )
        return patches.reshape(len(patches), -1).astype(np.float64)
