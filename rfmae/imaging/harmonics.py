"""Circular harmonics of the points of a plane, which a carrier phase turns exactly.

On a ring of radius r a constellation is a density p(θ) over the angle, and its harmonic of order m
is the mean of p(θ)·exp(−jmθ) over the ring. A carrier phase φ multiplies it by exp(−jmφ) and
leaves the modulus. An alphabet that is invariant to a turn by 1/M has the orders 0, M, 2M, … alone,
and the orders are means over many symbols, so that they are visible at a much lower SNR than single
symbols. They are computed from the points themselves, not from pixels, so that this holds for every
angle and not for quarter turns alone.

As in planes of densities the logarithm of the density is used, so that few points count beside
many. The density along the angle is smoothed by a kernel that is nowhere negative and has no more
than 16 orders (Jackson's; Weiße et al., Rev. Mod. Phys. 78, 2006, eq. 71), and the
logarithm is sampled at so many angles that its higher orders do not alias onto those kept.

Circular harmonics for rotation-invariant recognition: Hsu and Arsenault, Applied Optics 21(22),
1982.
"""

import math
from collections.abc import Mapping
from functools import lru_cache

import torch
from torch import Tensor

from rfmae.imaging.planes import plane_points
from rfmae.imaging.render import lag_samples, views_of_planes
from rfmae.records import ORDERS, RINGS, ImageConfig, Plane, View, harmonic_planes

_FINEST = 16  # orders of the density along a ring
_ANGLES = 192  # at which its logarithm is sampled
_TOGETHER = 8  # examples: intermediate results stay in a core's cache
_ENOUGH_PER_SYMBOL = 4  # samples of a trajectory; more are redundant


def network_harmonics(
    views: Mapping[View, Tensor], image: ImageConfig, samples_per_symbol: float = 1.0
) -> Tensor:
    """Harmonics (N, planes, orders, 2·rings) of complex I/Q (N, T) of each view, float32.

    The last axis holds real and imaginary part of the innermost ring, then of the next. Planes are
    those of `harmonic_planes`; a trajectory is taken at four samples of each symbol or a few more.
    """
    named = views_of_planes(views, image)
    found = [
        circular_harmonics(_points(named[plane.view], plane, image, samples_per_symbol), image)
        for plane in harmonic_planes(image)
    ]
    return torch.stack(found, dim=1).flatten(3)


def circular_harmonics(points: Tensor, image: ImageConfig) -> Tensor:
    """Harmonics (N, orders, rings, 2) of the logarithm of the density of points (N, P, 2), float32.

    The density counts points in an area of a ring's width squared; its value is ln(1 + density)
    over that of all P points in one such area. Rings overlap: each takes a share of the points of a
    few neighbours, as narrow rings of few points each are noisy. Points beyond the axes do not
    count, and neither do those that are not finite.
    """
    moments = angular_moments(points, image.extent)
    radius = torch.arange(RINGS, device=points.device) + 0.5
    smooth, waves, back = (table.to(points.device) for table in _tables())
    # from the share of a ring to points in an area of it
    scale = points.shape[1] / (2 * math.pi * radius)
    density = (moments.flatten(2) * smooth) @ waves * scale[:, None]
    shown = density.clamp_min(0).log1p() / math.log1p(points.shape[1])
    return (shown @ back).unflatten(-1, (len(ORDERS), 2)).transpose(1, 2).contiguous()


def angular_moments(points: Tensor, extent: float) -> Tensor:
    """Sums of exp(−jmθ) over points (N, P, 2) on overlapping rings, divided by P, of the orders
    m = 0, …, 16, (N, rings, 17, 2).
    """
    narrow = torch.cat([_narrow_moments(part, extent) for part in points.split(_TOGETHER)])
    return (_overlap().to(narrow) @ narrow).unflatten(-1, (_FINEST + 1, 2))


def turned_harmonics(harmonics: Tensor, turns: Tensor, planes: tuple[Plane, ...]) -> Tensor:
    """Harmonics (N, planes, orders, 2·rings) after a carrier phase shift of `turns` (N,) turns.

    Exact for any angle; differential planes ignore the phase.
    """
    order = torch.tensor(ORDERS, device=harmonics.device)
    turning = torch.tensor([not plane.is_differential for plane in planes], device=order.device)
    radians = -2 * torch.pi * turns.to(order.device).double()
    angle = radians[:, None, None, None] * (turning[:, None] * order)[:, :, None]
    cosine, sine = angle.cos().to(harmonics.dtype), angle.sin().to(harmonics.dtype)
    real, imaginary = harmonics.unflatten(-1, (-1, 2)).unbind(-1)
    turned = real * cosine - imaginary * sine, real * sine + imaginary * cosine
    return torch.stack(turned, dim=-1).flatten(-2)


def _points(iq: Tensor, plane: Plane, image: ImageConfig, samples_per_symbol: float) -> Tensor:
    points = plane_points(iq, plane.what, lag_samples(plane, samples_per_symbol), image.units)
    step = 1 if plane.view == "symbols" else int(samples_per_symbol // _ENOUGH_PER_SYMBOL)
    return points[:, :: max(1, step)]


@lru_cache(maxsize=1)
def _tables() -> tuple[Tensor, Tensor, Tensor]:
    """Weights (34,) that smooth the moments of a ring, waves (34, angles) from moments to a
    density, and waves (angles, orders · 2) from its logarithm to harmonics.
    """
    angle = 2 * math.pi * torch.arange(_ANGLES, dtype=torch.float64) / _ANGLES
    order = torch.arange(_FINEST + 1, dtype=torch.float64)
    step = math.pi / (_FINEST + 2)
    kernel = (_FINEST + 2 - order) * (step * order).cos() + (step * order).sin() / math.tan(step)
    kernel = kernel / (_FINEST + 2) * torch.where(order == 0, 1.0, 2.0)
    turns = order[:, None] * angle
    waves = torch.stack([turns.cos(), -turns.sin()], dim=1).flatten(0, 1)
    kept = torch.tensor(ORDERS, dtype=torch.float64) * angle[:, None]
    back = torch.stack([kept.cos(), -kept.sin()], dim=2).flatten(1) / _ANGLES
    return kernel.repeat_interleave(2).float(), waves.float(), back.float()


@lru_cache(maxsize=1)
def _overlap() -> Tensor:
    """The weights of narrow rings in each ring (rings, rings): binomial over five of them.

    The innermost also takes the weights beyond the centre; those beyond the axes are dropped.
    """
    weights = torch.zeros(RINGS, RINGS + 4)
    for ring in range(RINGS):
        weights[ring, ring : ring + 5] = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    inside = weights[:, 2 : RINGS + 2].clone()
    inside[:, 0] += weights[:, :2].sum(dim=1)
    return inside


def _narrow_moments(points: Tensor, extent: float) -> Tensor:
    """Moments (N, narrow rings, 17 · 2) of a few examples."""
    seen = points.isfinite().all(dim=-1)
    in_phase, quadrature = torch.where(seen[..., None], points, 1e6).unbind(-1)
    radius = torch.hypot(in_phase, quadrature)
    ring = extent / RINGS
    # towards the centre the direction of a point fades to none
    unit = 1 / radius.clamp_min(ring / 2)
    waves = _waves(in_phase * unit, -quadrature * unit)
    return torch.bmm(_ring_shares(radius / ring), waves.transpose(1, 2)) / points.shape[1]


def _ring_shares(radius: Tensor) -> Tensor:
    """The share of each point (N, P), of radius in rings, in each ring, (N, rings, P)."""
    centre = torch.arange(RINGS, device=radius.device) + 0.5
    # within half a ring of the centre there is only the innermost
    radius = radius.clamp_min(0.5)
    return (radius[:, None] - centre[:, None]).abs_().neg_().add_(1).clamp_min_(0)


def _waves(cosine: Tensor, sine: Tensor) -> Tensor:
    """r^m·exp(−jmθ) of every order m, (N, 17 · 2, P), from r·cos θ and −r·sin θ (N, P)."""
    waves = cosine.new_empty(_FINEST + 1, 2, *cosine.shape)
    waves[0, 0], waves[0, 1] = 1.0, 0.0
    waves[1, 0], waves[1, 1] = cosine, sine
    # z^(m+1) = 2·Re(z)·z^m − |z|²·z^(m−1): fewer products than one complex number by another
    twice, square = 2 * cosine, cosine.square().addcmul_(sine, sine)
    for order in range(2, _FINEST + 1):
        torch.mul(waves[order - 1], twice, out=waves[order])
        waves[order].addcmul_(waves[order - 2], square, value=-1)
    return waves.flatten(0, 1).transpose(0, 1)
