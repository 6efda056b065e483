"""Circular harmonics of the points of a plane: what a carrier phase does to them is known exactly.

On a ring of radius r a constellation is a density p(θ) over the angle, and its harmonic of order m
is the mean of exp(−jmθ) over the points there. A carrier phase φ multiplies it by exp(−jmφ): the
modulus stays as it is. An alphabet that looks the same after a turn by 1/M has the orders 0, M,
2M, … alone, and the orders are means over many symbols, so that they are seen far below the noise
at which single ones are. They are taken of the points themselves, not of pixels, so that the law
holds for every angle and not for quarter turns alone.

Circular harmonics for recognising what is turned: Hsu and Arsenault, Applied Optics 21(22), 1982.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from rfmae.imaging.planes import plane_points
from rfmae.imaging.render import lag_samples, views_of_planes
from rfmae.records import ORDERS, RINGS, ImageConfig, Plane, View, harmonic_planes

_TOGETHER = 8  # examples: what is made on the way stays in a core's cache
_ENOUGH_PER_SYMBOL = 4  # samples of a trajectory; more of them say the same once again


def network_harmonics(
    views: Mapping[View, Tensor], image: ImageConfig, samples_per_symbol: float = 1.0
) -> Tensor:
    """Harmonics (N, planes, orders, 2·rings) of complex I/Q (N, T) of each view, float32.

    The last axis holds real and imaginary part of the innermost ring, then of the next. Planes are
    those of `harmonic_planes`; a trajectory is read at four samples of each symbol or a few more.
    """
    named = views_of_planes(views, image)
    found = [
        circular_harmonics(_points(named[plane.view], plane, image, samples_per_symbol), image)
        for plane in harmonic_planes(image)
    ]
    return torch.stack(found, dim=1).flatten(3)


def circular_harmonics(points: Tensor, image: ImageConfig) -> Tensor:
    """Harmonics (N, orders, rings, 2) of points (N, P, 2), each a sum over the points divided by P.

    Rings overlap: each takes its share of the points of a few neighbours, for narrow rings of few
    points each are noise that no network needs. Points beyond the axes count nowhere, and so do
    those that are not finite. The order 0 is the share of the points on each ring.
    """
    parts = [_harmonics(part, image.extent) for part in points.split(_TOGETHER)]
    narrow = torch.cat(parts)
    rings = _overlap().to(narrow) @ narrow
    return rings.unflatten(-1, (len(ORDERS), 2)).transpose(1, 2).contiguous()


def turned_harmonics(harmonics: Tensor, turns: Tensor, planes: tuple[Plane, ...]) -> Tensor:
    """Harmonics (N, planes, orders, 2·rings) had each carrier phase been `turns` (N,) turns on.

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


def _overlap() -> Tensor:
    """What each ring takes of the narrow ones (rings, rings): binomial weights over five of them.

    The innermost stands for what would lie across the centre; beyond the axes there is nothing.
    """
    weights = torch.zeros(RINGS, RINGS + 4)
    for ring in range(RINGS):
        weights[ring, ring : ring + 5] = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    inside = weights[:, 2 : RINGS + 2].clone()
    inside[:, 0] += weights[:, :2].sum(dim=1)
    return inside


def _harmonics(points: Tensor, extent: float) -> Tensor:
    """Harmonics (N, narrow rings, orders · 2) of a few examples."""
    seen = points.isfinite().all(dim=-1)
    in_phase, quadrature = torch.where(seen[..., None], points, 1e6).unbind(-1)
    radius = torch.hypot(in_phase, quadrature)
    unit = 1 / torch.where(radius > 0, radius, 1.0)  # the very centre has no direction
    waves = _waves(in_phase * unit, -quadrature * unit)
    return torch.bmm(_ring_shares(radius * (RINGS / extent)), waves) / points.shape[1]


def _ring_shares(radius: Tensor) -> Tensor:
    """How much of each point (N, P), its radius in rings, each ring takes, (N, rings, P)."""
    centre = torch.arange(RINGS, device=radius.device) + 0.5
    # within half a ring of the centre there is but the innermost
    radius = radius.clamp_min(0.5)
    return (radius[:, None] - centre[:, None]).abs_().neg_().add_(1).clamp_min_(0)


def _waves(cosine: Tensor, sine: Tensor) -> Tensor:
    """exp(−jmθ) of every order m, (N, P, orders · 2), from that of order 1."""
    powers = {0: (torch.ones_like(cosine), torch.zeros_like(sine)), 1: (cosine, sine)}
    for order in range(2, max(ORDERS) + 1):
        half = order // 2
        powers[order] = _product(powers[half], powers[order - half])
    parts = [part for order in ORDERS for part in powers[order]]
    return torch.stack(parts, dim=-1)


def _product(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    (a, b), (c, d) = first, second
    return a * c - b * d, a * d + b * c
