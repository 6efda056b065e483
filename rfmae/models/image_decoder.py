"""Clean images from circular harmonics: templates rotated by the phase of the input.

The few orders on which a modulation is recognised are too coarse for a sharp image, and at low SNR
the higher ones are lost in noise. But they can be inferred: where the phase of order m is known,
that of order k·m is k times it, and the modulation determines its magnitude. So the decoder mixes
templates by features, which no carrier phase changes, and turns the order k·m of each by the k-th
power of a phasor of order m, which is a gated sum of mixtures. A phasor of noise alone is short, so
that its powers decay, as they should where the phase is uncertain.

Orders and rings make a polar image, which every pixel interpolates at its centre; a logistic
function makes brightness of it, sharper than its orders are. A rotation of the points rotates the
polar image exactly, and the square image for quarter turns.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rfmae.errors import ShapeError
from rfmae.models.rings import Encoded, RingsConfig, initialise_linear, times
from rfmae.records import ORDERS

FINEST = 24  # orders of a polar image
ANGLES = 8 * FINEST  # at which it is sampled; pixels interpolate linearly between them
RADII = 32  # from the centre to the corners, at a distance of √2
_TEMPLATES = 48
_DARK = -4.0  # before training pixels are nearly black
_FUNDAMENTALS = tuple(order for order in ORDERS if order)
_HARMONICS = (
    (0, 0, 0),
    *(
        (number, power, power * order)
        for number, order in enumerate(_FUNDAMENTALS)
        for power in range(1, FINEST // order + 1)
    ),
)
"""The number of a phasor, its power and the resulting order; the first does not turn."""


@dataclass(frozen=True, slots=True)
class ImageGrid:
    """The shape of the image: pixels on a side, and planes, of known phase or not."""

    size: int
    known_phase: tuple[bool, ...]

    def __post_init__(self) -> None:
        if self.size < 2 or not self.known_phase:
            raise ShapeError(
                f"an image needs two pixels on a side and a plane, got {self.size} pixels and "
                f"{len(self.known_phase)} planes"
            )

    @property
    def planes(self) -> int:
        return len(self.known_phase)


class ImageDecoder(nn.Module):
    """From encoded rings to clean images."""

    known: Tensor
    order: Tensor
    waves: Tensor
    places: Tensor
    shares: Tensor

    def __init__(self, encoder: RingsConfig, grid: ImageGrid) -> None:
        super().__init__()
        self.grid, width = grid, encoder.width
        self.phasors = Phasors(encoder)
        self.hidden = nn.Linear(width, width)
        self.mixing = nn.Linear(width, _TEMPLATES)
        self.templates = nn.Parameter(
            torch.empty(_TEMPLATES, grid.planes, len(_HARMONICS), RADII, 2)
        )
        self.level = nn.Parameter(torch.full((grid.planes, 1, 1), _DARK))
        known = torch.tensor(grid.known_phase)[:, None, None]
        self.register_buffer("known", known, persistent=False)
        order = torch.tensor([order for _, _, order in _HARMONICS])
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("waves", polar_waves(), persistent=False)
        places, shares = polar_places(grid.size)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("shares", shares, persistent=False)

    def forward(self, encoded: Encoded) -> Tensor:
        """Images (N, planes, size, size) in 0 to 1."""
        polar = self.polar(encoded)
        n, planes, size = len(polar), self.grid.planes, self.grid.size
        table = polar.flatten(0, 1).flatten(1).T.contiguous()  # (radii · angles, N · planes)
        pixels = F.embedding_bag(self.places, table, per_sample_weights=self.shares, mode="sum")
        return torch.sigmoid(pixels.T.reshape(n, planes, size, size) + self.level)

    def polar(self, encoded: Encoded) -> Tensor:
        """The polar image (N, planes, radii, angles), before the logistic function."""
        mixed = self.mixing(F.gelu(self.hidden(encoded.features)))
        still = (mixed @ self.templates.flatten(1)).unflatten(1, self.templates.shape[1:])
        phasors = self.phasors(encoded)[:, None]
        # a plane of known phase stays as its templates have it: the first phasor turns nothing
        phasors = torch.where(self.known, phasors[:, :, :1], phasors)
        found = times(still, phasors[:, :, :, None])
        orders = found.new_zeros(*found.shape[:2], FINEST + 1, *found.shape[3:])
        orders = orders.index_add(2, self.order, found)
        return orders.transpose(2, 3).flatten(3) @ self.waves


class Phasors(nn.Module):
    """The phase of the input at each order, and its powers."""

    def __init__(self, encoder: RingsConfig) -> None:
        super().__init__()
        self.turning = encoder.sums[0]
        self.gates = nn.Linear(encoder.width, len(_FUNDAMENTALS) * self.turning * 2)
        self.noise = nn.Parameter(torch.zeros(len(_FUNDAMENTALS)))  # logarithm of its amplitude

    def forward(self, encoded: Encoded) -> Tensor:
        """Phasors (N, harmonics, 2) of modulus at most one, each turning as its order does."""
        mixtures = encoded.mixtures[:, len(ORDERS) - len(_FUNDAMENTALS) :, : self.turning]
        gates = self.gates(encoded.features).unflatten(1, mixtures.shape[1:])
        summed = times(mixtures, gates).sum(dim=2)
        power = summed.square().sum(dim=-1) + (2 * self.noise).exp()
        phasors = summed * power.rsqrt()[:, :, None]
        one = torch.ones_like(power[:, :1])
        powers = [torch.stack([one, torch.zeros_like(one)], dim=-1)]
        for number, order in enumerate(_FUNDAMENTALS):
            powers += _powers(phasors[:, number : number + 1], FINEST // order)
        return torch.cat(powers, dim=1)


def _powers(one: Tensor, count: int) -> list[Tensor]:
    powers = [one]
    for _ in range(count - 1):
        powers.append(times(powers[-1], one))
    return powers


def polar_waves() -> Tensor:
    """exp(jmθ) of the orders m = 0, …, (orders · 2, angles), for real and imaginary parts."""
    angle = 2 * math.pi * torch.arange(ANGLES, dtype=torch.float64) / ANGLES
    turns = torch.arange(FINEST + 1, dtype=torch.float64)[:, None] * angle
    return torch.stack([turns.cos(), -turns.sin()], dim=1).flatten(0, 1).float()


def polar_places(size: int) -> tuple[Tensor, Tensor]:
    """The four places of a polar image (radii · angles) that each pixel takes, and their weights.

    Both are (size², 4). As a quarter turn is a whole number of angles, pixels that it maps to one
    another have the same weights.
    """
    axis = (torch.arange(size, dtype=torch.float64) + 0.5) * 2 / size - 1
    column, row = torch.meshgrid(axis, -axis, indexing="xy")
    away = torch.hypot(column, row)
    radius = (away / math.sqrt(2) * RADII - 0.5).clamp(0, RADII - 1)
    angle = torch.atan2(row, column) / (2 * math.pi) * ANGLES
    inner, before = radius.floor().clamp(max=RADII - 2), angle.floor()
    outwards, onwards = radius - inner, angle - before
    places, shares = [], []
    for ring, share in ((inner, 1 - outwards), (inner + 1, outwards)):
        for place, part in ((before, 1 - onwards), (before + 1, onwards)):
            places.append(ring * ANGLES + place % ANGLES)
            shares.append(share * part)
    # the centre has no angle: it takes four, so that a quarter turn leaves it unchanged
    centre = (away < 1e-9)[..., None]
    quarters = torch.arange(4) * (ANGLES / 4)
    found = torch.where(centre, quarters, torch.stack(places, dim=-1))
    taken = torch.where(centre, 0.25, torch.stack(shares, dim=-1))
    return found.long().flatten(0, 1), taken.float().flatten(0, 1)


def initialise_image_decoder(decoder: ImageDecoder, generator: torch.Generator) -> None:
    """Initialise all weights; templates begin small, the biases of the gates at random."""
    initialise_linear(decoder, generator)
    nn.init.normal_(decoder.templates, std=0.02, generator=generator)
    gates = decoder.phasors.gates
    nn.init.normal_(gates.bias, std=decoder.phasors.turning**-0.5, generator=generator)
