"""Standardisation of features to mean 0 and deviation 1."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from rfmae.records import FloatArray

_CONSTANT = 1e-6  # a deviation below this share of the mean is rounding error


@dataclass(frozen=True, slots=True)
class Standard:
    """Mean and deviation (D,) of training features."""

    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Measured on features (N, D); a constant feature becomes zero."""
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        varies = deviation > _CONSTANT * np.abs(mean)
        return cls(mean, np.where(varies, deviation, np.inf))

    def __call__(self, values: FloatArray) -> FloatArray:
        return (values - self.mean) / self.deviation
