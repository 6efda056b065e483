"""The points of an image plane: symbols or samples, directly or as differential products."""

import math

import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.records import Units, What


def plane_points(iq: Tensor, what: What, lag_samples: int = 0, units: Units = "rms") -> Tensor:
    """Points (N, P, 2) of a plane from I/Q (N, T): I and Q of each, float32.

    Symbols and the samples of a trajectory are points themselves, P = T. Points of differential
    planes are y[k]·conj(y[k − lag_samples]), P = T − lag_samples: a carrier phase cancels, a
    carrier frequency turns all points alike (Proakis, ch. 4, differential detection).

    In `rms` units the points of each example are divided by their rms amplitude; `absolute` ones
    are unscaled. The points of an example without power are placed far outside of any image. A
    sample that is not finite gives points that are not finite, and does not count in the rms.
    """
    if iq.ndim != 2 or not iq.is_complex():
        raise ShapeError(f"iq must be complex of shape (N, T), got {iq.dtype} {tuple(iq.shape)}")
    if what in ("differential", "differential-trajectory"):
        iq = _products(iq, lag_samples, units)
    return _scaled(torch.view_as_real(iq.resolve_conj()), units).float()


_NOWHERE = 1e6  # finite, so that it is still a valid pixel index


def _products(iq: Tensor, lag_samples: int, units: Units) -> Tensor:
    """y[k]·conj(y[k − lag]) (N, T − lag)."""
    if not 0 < lag_samples < iq.shape[1]:
        raise ShapeError(
            f"a lag must lie between 1 and {iq.shape[1] - 1} samples of the {iq.shape[1]} "
            f"of an example, got {lag_samples}; shorten it or take longer examples"
        )
    if units == "rms":  # squares of products overflow float32
        parts = torch.view_as_real(iq.resolve_conj())
        iq = torch.view_as_complex((parts * _per_rms(_rms(parts))).to(parts.dtype))
    return iq[:, lag_samples:] * iq[:, :-lag_samples].conj()


def _scaled(points: Tensor, units: Units) -> Tensor:
    """Points (N, P, 2) in these units, far outside where an example has no power."""
    rms = _rms(points)
    scaled = points * _per_rms(rms) if units == "rms" else points
    return scaled if bool((rms > 0).all()) else torch.where(rms > 0, scaled, _NOWHERE)


def _rms(points: Tensor) -> Tensor:
    """Rms amplitude (N, 1, 1) of the finite points of (N, P, 2)."""
    rms = torch.linalg.vector_norm(points, dim=(1, 2), keepdim=True) / math.sqrt(
        max(points.shape[1], 1)
    )
    if bool(((rms > _FAINTEST) & rms.isfinite()).all()):
        return rms
    finite = points.isfinite().all(-1, keepdim=True)
    seen = torch.where(finite, points, 0.0).double()
    norm = torch.linalg.vector_norm(seen, dim=(1, 2), keepdim=True)
    return norm / finite.sum(1, keepdim=True).clamp_min(1).sqrt()


_FAINTEST = 1e-15  # smaller squares lose precision in float32, so double is used


def _per_rms(rms: Tensor) -> Tensor:
    """One over the amplitude, and 1 where there is none."""
    return 1 / torch.where(rms > 0, rms, 1.0)
