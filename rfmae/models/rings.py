"""A constellation as circular harmonics on rings: what a carrier phase does to it is known.

On a ring of radius r a picture is p(θ), and its harmonic of order m is Σ p(θ)·exp(−jmθ). A carrier
phase φ turns the picture, which multiplies the harmonic by exp(−jmφ): the modulus of any sum over
rings and planes stays as it is, and no network has to learn that. An alphabet that looks the same
after a turn by 1/M has the orders 0, M, 2M, … alone, and the orders are sums over many symbols, so
that they are seen far below the noise at which single ones are.

Circular harmonics for recognising what is turned: Hsu and Arsenault, Applied Optics 21(22), 1982.
"""

import torch
from torch import Tensor, nn

from rfmae.models.conditioning import FeatureModulation

ORDERS = (0, 1, 2, 3, 4, 6, 8)
"""Of the harmonics: up to what sets eight phases apart."""

RINGS = 16
"""From the centre to the nearest border; the corners beyond hold nothing but stray noise."""

_MIXTURES = 32  # of planes and rings, for each order
_COMPONENTS = 64  # features that know the phase


def circular_harmonics(height: int, width: int) -> Tensor:
    """Weights (height · width, orders · rings · 2) of the harmonics of a picture.

    Neighbouring rings share what lies between them. The angle grows from the right towards the top,
    as Q does; the last axis holds the cosine and the negative sine, together of norm one.
    """
    down = torch.arange(height, dtype=torch.float64) - (height - 1) / 2
    right = torch.arange(width, dtype=torch.float64) - (width - 1) / 2
    up, right = torch.meshgrid(-down, right, indexing="ij")
    spacing = min(height, width) / 2 / RINGS
    radius = torch.hypot(up, right)[..., None] / spacing  # in rings
    share = (1 - (radius - (torch.arange(RINGS) + 0.5)).abs()).clamp_min(0)
    angle = torch.atan2(up, right)[..., None] * torch.tensor(ORDERS)
    waves = torch.stack([angle.cos(), -angle.sin()], dim=-1)  # (H, W, orders, 2)
    weights = share[:, :, None, :, None] * waves[:, :, :, None, :]
    norm = weights.square().sum(dim=(0, 1, 4), keepdim=True).sqrt()
    seen = norm > 0  # a small picture may have no pixel on a ring
    return torch.where(seen, weights / norm, 0.0).reshape(height * width, -1).float()


class RingHarmonics(nn.Module):
    """Moduli of mixed harmonics, which no phase changes, beside the harmonics as they are.

    The latter are for planes whose phase is known, as that of differential ones always is.
    """

    harmonics: Tensor

    def __init__(
        self, planes: int, height: int, width: int, features: int, scalars: int = 0
    ) -> None:
        """So many `scalars` of each example come along, such as its SNR.

        What is to be expected of noise alone depends on them: they scale and shift what is mixed.
        """
        super().__init__()
        harmonics = circular_harmonics(height, width)
        self.register_buffer("harmonics", harmonics, persistent=False)
        orders = len(ORDERS)
        self.mixing = nn.Conv1d(
            orders * planes * RINGS, orders * _MIXTURES, 1, groups=orders, bias=False
        )
        self.components = nn.Linear(planes * harmonics.shape[1], _COMPONENTS)
        found = orders * _MIXTURES + _COMPONENTS
        self.conditioning = FeatureModulation(scalars, found) if scalars else None
        self.out = nn.Linear(found, features)
        self.norm = nn.LayerNorm(features)

    def forward(self, images: Tensor, scalars: Tensor | None = None) -> Tensor:
        """Features (N, features) of images (N, C, H, W), and of scalars (N, count) beside them."""
        found = self.of(images)
        moduli = self.mixed(found).square().sum(dim=-1).log1p()
        components = nn.functional.gelu(self.components(found.flatten(1)))
        seen = torch.cat([moduli, components], dim=1)
        if self.conditioning is not None and scalars is not None:
            seen = self.conditioning(seen, scalars)
        return nn.functional.gelu(self.norm(self.out(seen)))

    def of(self, images: Tensor) -> Tensor:
        """Harmonics (N, C, orders, rings, 2) of images (N, C, H, W)."""
        found = images.flatten(2) @ self.harmonics
        return found.unflatten(-1, (len(ORDERS), RINGS, 2))

    def mixed(self, found: Tensor) -> Tensor:
        """Sums over planes and rings, (N, orders · mixtures, 2), each of one order."""
        by_order = found.transpose(1, 2).flatten(1, 3)  # order by order, all planes and rings
        return self.mixing(by_order)
