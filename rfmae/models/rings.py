"""An encoder of circular harmonics whose features are invariant to the carrier phase.

Its tokens are the rings of the planes of a constellation: each holds the harmonics of one ring, one
complex number for every order. A carrier phase φ turns a number of order m by −mφ (see
`rfmae.imaging.harmonics`). Sums over tokens of one order turn alike, and their moduli do not turn
at all, so the network need not learn the invariance. Planes whose phase is known, as that of
differential ones always is, enter directly beside the moduli.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from rfmae.errors import CheckpointError, ShapeError
from rfmae.models.conditioning import FeatureModulation, scaled_scalar
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.records import ORDERS, RINGS

_ORDERS = len(ORDERS)


@dataclass(frozen=True, slots=True)
class HarmonicGrid:
    """How harmonics (planes, orders, 2·rings) are cut into tokens: a ring of a plane each.

    Tokens are numbered plane by plane, from the centre outwards. The encoder standardises its input
    with `mean` (planes·orders·rings·2) and `deviation` (planes·orders); of an order that a phase
    turns the mean is zero. The card holds them.
    """

    name: str
    known_phase: tuple[bool, ...]  # of each plane
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        wanted = (0, math.prod(self.shape)), (0, self.planes * _ORDERS)
        if len(self.mean) not in wanted[0] or len(self.deviation) not in wanted[1]:
            raise ShapeError(
                f"mean and deviation of {self.name} must hold {wanted[0][1]} and {wanted[1][1]} "
                f"numbers, got {len(self.mean)} and {len(self.deviation)}"
            )

    @property
    def planes(self) -> int:
        return len(self.known_phase)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.planes, _ORDERS, 2 * RINGS)

    @property
    def counts(self) -> tuple[int, ...]:
        """Tokens along each side."""
        return (self.planes, RINGS)

    @property
    def patches(self) -> int:
        """Tokens of one example."""
        return self.planes * RINGS

    @property
    def free(self) -> tuple[tuple[bool, ...], ...]:
        """Which harmonics no carrier phase turns, (planes, orders): order 0, and known planes."""
        return tuple(tuple(known or order == 0 for order in ORDERS) for known in self.known_phase)

    def scaled_by(self, mean: Tensor, mean_square: Tensor) -> "HarmonicGrid":
        """The same grid with the scale of inputs of these moments (planes, orders, 2·rings)."""
        free = torch.tensor(self.free)[:, :, None]
        mean = torch.where(free, mean, 0.0)
        variance = (mean_square - mean.square()).clamp_min(0).mean(dim=2)
        deviation = torch.where(variance > 1e-12, variance.sqrt(), 1.0)
        return replace(self, mean=_rounded(mean), deviation=_rounded(deviation))

    def check(self, inputs: Tensor) -> None:
        """Refuse harmonics (N, *shape) of another shape."""
        if inputs.shape[1:] != self.shape:
            raise ShapeError(f"{self.name} must be (N, {self.shape}), got {tuple(inputs.shape)}")


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values.flatten().tolist())


@dataclass(frozen=True, slots=True)
class RingsConfig:
    """`mixtures` sums over the tokens for each order, half as many over those of known planes,
    `components` features of what no phase turns, `width` features and `blocks` residual perceptrons
    on them.
    """

    modalities: tuple[HarmonicGrid | PatchGrid, ...]
    width: int = 256
    mixtures: int = 32
    components: int = 64
    blocks: int = 1
    kind: Literal["rings"] = "rings"

    def __post_init__(self) -> None:
        harmonics = [grid for grid in self.modalities if isinstance(grid, HarmonicGrid)]
        if len(harmonics) != 1 or not all(grid.is_scalar for grid in self.scalars):
            found = " and ".join(f"{grid.name} {grid.shape}" for grid in self.modalities)
            raise ShapeError(
                f"rings see the circular harmonics of an image, and an SNR beside them, "
                f"got {found or 'none'}; leave out the rest, or take network vit"
            )

    @property
    def harmonics(self) -> HarmonicGrid:
        """How the harmonics are cut."""
        return next(grid for grid in self.modalities if isinstance(grid, HarmonicGrid))

    @property
    def scalars(self) -> tuple[PatchGrid, ...]:
        """Further inputs of one number each, such as the SNR."""
        return tuple(grid for grid in self.modalities if isinstance(grid, PatchGrid))

    @property
    def sums(self) -> tuple[int, int]:
        """How many sums of each order run over the planes of unknown and of known phase."""
        known = self.harmonics.known_phase
        return self.mixtures * (not all(known)), -(-self.mixtures // 2) * any(known)

    def of(self, names: Sequence[str]) -> "RingsConfig":
        """The same encoder for all its modalities; no other choice is possible."""
        own = [grid.name for grid in self.modalities]
        if {*names} != {*own}:
            raise ShapeError(
                f"rings see {' and '.join(own)}, but {' and '.join(names) or 'nothing'} was named; "
                "name what they see"
            )
        return self

    def grid(self, name: str) -> HarmonicGrid | PatchGrid:
        """The modality of a name."""
        return next(grid for grid in self.modalities if grid.name == name)


def rings_config_from_card(card: Mapping[str, Any]) -> RingsConfig:
    """The encoder that a card describes."""
    try:
        grids = tuple(_grid_from_card(grid) for grid in card["modalities"])
        return RingsConfig(**{**card, "modalities": grids})
    except (KeyError, TypeError, ShapeError) as error:
        raise CheckpointError(
            f"a card describes rings that this version of rfmae does not read ({error}); "
            "train it again"
        ) from error


def _grid_from_card(card: Mapping[str, Any]) -> HarmonicGrid | PatchGrid:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in card.items()
    }
    return HarmonicGrid(**fields) if "known_phase" in fields else PatchGrid(**fields)


class Encoded(NamedTuple):
    """The output of a rings encoder."""

    features: Tensor  # (N, width), which no phase changes
    mixtures: Tensor  # (N, orders, sums, 2), which turn with it, but for those of known planes
    harmonics: Tensor  # (N, planes, orders, rings, 2), scaled, zero where hidden


class Standardised(nn.Module):
    """Standardised harmonics, and back.

    Each order of a plane has a deviation of its own, or, for targets, the plane as a whole: then
    the orders that are strong in a plane stay the strong ones.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, grid: HarmonicGrid, *, by_order: bool = True) -> None:
        super().__init__()
        self.grid = grid
        sides = (grid.planes, _ORDERS, RINGS, 2)
        mean = torch.tensor(grid.mean or (0.0,)).expand(math.prod(sides)).reshape(sides)
        deviation = torch.tensor(grid.deviation or (1.0,)).expand(grid.planes * _ORDERS)
        deviation = deviation.reshape(grid.planes, _ORDERS, 1, 1).clone()
        if not by_order:
            deviation = deviation.square().mean(dim=1, keepdim=True).sqrt()
        self.register_buffer("mean", mean.clone(), persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, planes, orders, rings, 2) of harmonics (N, planes, orders, 2·rings)."""
        self.grid.check(inputs)
        return (inputs.float().unflatten(-1, (RINGS, 2)) - self.mean) / self.deviation

    def back(self, scaled: Tensor) -> Tensor:
        """The inverse of `forward`, (N, planes, orders, 2·rings)."""
        return (scaled * self.deviation + self.mean).flatten(-2)


class RingsEncoder(nn.Module):
    """Moduli of sums over tokens, which no phase changes, and harmonics of known phase."""

    free: Tensor
    allowed: Tensor

    def __init__(self, config: RingsConfig) -> None:
        super().__init__()
        self.config = config
        grid = config.harmonics
        self.standardised = Standardised(grid)
        self.mixing = nn.Parameter(torch.empty(_ORDERS, sum(config.sums), grid.patches))
        self.register_buffer("allowed", turning_alike(config), persistent=False)
        self.register_buffer("free", torch.tensor(free_values(grid)), persistent=False)
        self.components = nn.Linear(len(self.free), config.components)
        entering = _ORDERS * sum(config.sums) + config.components
        scalars = len(config.scalars)
        # the expected moduli of noise alone depend on them
        self.conditioning = FeatureModulation(scalars, entering) if scalars else None
        self.out = nn.Linear(entering, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.blocks = nn.ModuleList(Perceptron(config.width) for _ in range(config.blocks))

    def forward(self, inputs: Mapping[str, Tensor], mask: PatchMask | None = None) -> Encoded:
        """Features of harmonics by their modality; tokens that a mask hides count as zero.

        Tokens without position are hidden, too: here the position of a token is its input.
        """
        grid = self.config.harmonics
        if {*inputs} != {seen.name for seen in self.config.modalities}:
            raise ShapeError(
                f"the network sees {' and '.join(g.name for g in self.config.modalities)}, "
                f"got {' and '.join(inputs) or 'nothing'}"
            )
        # weak harmonics need full precision, and the network is small
        with torch.autocast(inputs[grid.name].device.type, enabled=False):
            seen = self.standardised(inputs[grid.name])
            if mask is not None:
                seen = seen * placed(mask, grid)[:, :, None, :, None]
            mixtures = self._mixed(seen)
            moduli = mixtures.square().sum(dim=-1).log1p().flatten(1)
            known = nn.functional.gelu(self.components(seen.flatten(1)[:, self.free]))
            found = torch.cat([moduli, known], dim=1)
            if self.conditioning is not None:
                found = self.conditioning(found, self._scalars(inputs))
            features = nn.functional.gelu(self.norm(self.out(found)))
            for block in self.blocks:
                features = block(features)
        return Encoded(features, mixtures, seen)

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Features (N, width) of inputs without a mask."""
        return self(inputs).features

    def _scalars(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The scaled scalars of each example, (N, scalars)."""
        return torch.cat(
            [scaled_scalar(grid, inputs[grid.name].float()) for grid in self.config.scalars], dim=1
        )

    def _mixed(self, seen: Tensor) -> Tensor:
        """Sums over tokens, each of one order, (N, orders, sums, 2)."""
        by_order = seen.transpose(1, 2).flatten(2, 3)  # (N, orders, tokens, 2)
        return mixed(self.mixing * self.allowed, by_order)


def mixed(weights: Tensor, parts: Tensor) -> Tensor:
    """Sums (N, orders, K, 2) of parts (N, orders, T, 2) by weights (orders, K, T), order by order.

    One product for each order: small ones for each example take many times as long.
    """
    n, orders, count, _ = parts.shape
    sums = torch.bmm(weights, parts.permute(1, 2, 0, 3).reshape(orders, count, 2 * n))
    return sums.unflatten(2, (n, 2)).permute(2, 0, 1, 3)


class Perceptron(nn.Module):
    """Two layers beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(nn.functional.gelu(self.first(features)))


def placed(mask: PatchMask, grid: HarmonicGrid) -> Tensor:
    """One where a token is visible with its position, (N, planes, rings) float32."""
    ids = mask.visible_ids[:, mask.unplaced :]
    seen = torch.zeros(len(mask), mask.patches, device=ids.device)
    return seen.scatter(1, ids, 1.0).unflatten(1, grid.counts)


def turning_alike(config: RingsConfig) -> Tensor:
    """One where a sum may hold a token, (sums, tokens): only what turns alike is added up."""
    known = torch.tensor(config.harmonics.known_phase).repeat_interleave(RINGS)
    turning, still = config.sums
    return torch.cat([(~known).expand(turning, -1), known.expand(still, -1)]).float()


def free_values(grid: HarmonicGrid) -> list[int]:
    """Indices of what no phase turns among the flat harmonics (planes·orders·rings·2).

    The imaginary part of an order 0 is always zero and is left out.
    """
    places = torch.arange(math.prod(grid.shape)).view(grid.planes, _ORDERS, RINGS, 2)
    found = []
    for plane, row in enumerate(grid.free):
        for number, free in enumerate(row):
            if free:
                parts = 1 if ORDERS[number] == 0 else 2
                found += places[plane, number, :, :parts].flatten().tolist()
    return found


def times(first: Tensor, second: Tensor) -> Tensor:
    """Products of complex numbers whose last axis holds real and imaginary part."""
    (a, b), (c, d) = first.unbind(-1), second.unbind(-1)
    return torch.stack([a * c - b * d, a * d + b * c], dim=-1)


def initialise_rings(encoder: RingsEncoder, generator: torch.Generator) -> None:
    """Initialise all weights: mixtures keep the power of their inputs, linear layers Xavier-uniform
    with biases at zero.
    """
    tokens = encoder.mixing.shape[-1]
    nn.init.normal_(encoder.mixing, std=tokens**-0.5, generator=generator)
    initialise_linear(encoder, generator)
    if encoder.conditioning is not None:  # features begin unmodulated
        nn.init.zeros_(encoder.conditioning.out.weight)


def initialise_linear(module: nn.Module, generator: torch.Generator) -> None:
    """Initialise the linear layers of a module."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
            nn.init.zeros_(layer.bias)
