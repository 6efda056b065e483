"""Convolutional and recurrent classifiers from the literature, in the place of the encoder.

Trained from labels alone, they are baselines for the transformer. None has running statistics, so
that examples of a batch are independent and a checkpoint holds weights alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import pi
from typing import Any

import torch
from torch import Tensor, nn

from rfmae.errors import CheckpointError, ShapeError
from rfmae.models.conditioning import FeatureModulation, scaled_scalar
from rfmae.models.patches import PatchGrid
from rfmae.models.user_network import (
    MODALITIES,
    UserLayers,
    class_of_card,
    modality_of,
    width_of,
)
from rfmae.user_code import is_code_name

_SEEN = {3: "an image (C, H, W)", 2: "a sequence (2, T)"}

_IMAGE_CHANNELS = (16, 32, 64, 64)
_REGIONS = 4  # along each side of an image
_GROUPS = 4  # of channels that are normalised together
_STACKS, _STACK_CHANNELS = 5, 32  # six of 32 for 1,024 samples in the paper
_LSTM_LAYERS = 2
_STEPS = 128  # of a long sequence, or a few more


@dataclass(frozen=True, slots=True)
class BackboneConfig:
    """The input of a backbone, one modality of the right shape, and its number of features.

    Beside an image `cnn` takes scalars, such as an SNR, which scale and shift its feature maps
    before the last linear layer.

    `samples_per_step` is of an lstm: so many samples enter at each time step, as the time of a step
    on a processor hardly depends on them; it must divide the sequence.
    """

    kind: str  # a key of BACKBONES, or a user's package.module:Class
    modalities: tuple[PatchGrid, ...]
    width: int = 128
    samples_per_step: int = 1

    def __post_init__(self) -> None:
        layers = layers_of(self.kind)
        seen = [grid for grid in self.modalities if not grid.is_scalar]
        takes = layers.takes_scalars or len(seen) == len(self.modalities)
        if not takes or len(seen) != 1 or len(seen[0].shape) != layers.dimensions:
            found = " and ".join(f"{grid.name} {grid.shape}" for grid in self.modalities)
            raise ShapeError(
                f"a {self.kind} sees {_SEEN[layers.dimensions]} alone, "
                f"got {found or 'nothing'}; name another modality"
            )
        length = self.seen.shape[-1]
        if self.samples_per_step < 1 or length % self.samples_per_step:
            raise ShapeError(
                f"samples_per_step must divide the {length} samples of {self.seen.name}, "
                f"got {self.samples_per_step}"
            )

    @property
    def seen(self) -> PatchGrid:
        """The one modality; its patch size does not matter here."""
        return next(grid for grid in self.modalities if not grid.is_scalar)

    @property
    def scalars(self) -> tuple[PatchGrid, ...]:
        """The scalars beside it."""
        return tuple(grid for grid in self.modalities if grid.is_scalar)

    def grid(self, name: str) -> PatchGrid:
        """The modality of a name."""
        return next(grid for grid in self.modalities if grid.name == name)


def backbone_config(kind: str, modalities: tuple[PatchGrid, ...]) -> BackboneConfig:
    """The backbone of a kind as in its paper; an lstm takes a long sequence in some 128 steps.

    A user's network has as many features as it returns.
    """
    if kind not in BACKBONES:
        tried = BackboneConfig(kind, modalities)
        return replace(tried, width=width_of(class_of_card(kind), tried.seen.shape))
    plain = BackboneConfig(kind, modalities)
    if kind != "lstm":
        return plain
    length = plain.seen.shape[-1]
    steps = (step for step in range(1, length + 1) if length % step == 0)
    together = max(step for step in steps if _enough(step, length))
    return BackboneConfig(kind, modalities, samples_per_step=together)


def _enough(step: int, length: int) -> bool:
    return step == 1 or length // step >= _STEPS


def backbone_config_from_card(card: Mapping[str, Any]) -> BackboneConfig:
    """The backbone that a card describes."""
    try:
        grids = tuple(_grid_from_card(grid) for grid in card["modalities"])
        return BackboneConfig(**{**card, "modalities": grids})
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"a card describes a network that this version of rfmae does not read ({error}); "
            "train it again"
        ) from error


def _grid_from_card(card: Mapping[str, Any]) -> PatchGrid:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in card.items()
    }
    return PatchGrid(**fields)


def build_backbone(config: BackboneConfig) -> "Backbone":
    """The network of a configuration; `initialise_backbone` draws its weights."""
    return Backbone(config)


class Backbone(nn.Module):
    """Scaled input, then layers of one kind."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = layers_of(config.kind).make(config)
        grid = config.seen
        if grid.mean:
            shape = (-1, *[1] * (len(grid.shape) - 1))
            for name in ("mean", "deviation"):
                values = torch.tensor(getattr(grid, name)).view(shape)
                self.register_buffer(name, values, persistent=False)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Features (N, width) of images (N, C, H, W) or sequences (N, 2, T) by their modality.

        Scalars beside an image are (N, 1, 1).
        """
        names = [grid.name for grid in self.config.modalities]
        if set(inputs) != set(names):
            raise ShapeError(
                f"the network sees {' and '.join(names)}, got {' and '.join(inputs) or 'nothing'}"
            )
        grid = self.config.seen
        seen = inputs[grid.name]
        grid.check(seen)
        if grid.mean:
            seen = (seen - self.mean) / self.deviation
        if not self.config.scalars:
            return self.layers(seen)
        return self.layers(seen, self._scalars(inputs))

    def _scalars(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The scalars of each example, scaled, (N, scalars)."""
        return torch.cat(
            [scaled_scalar(grid, inputs[grid.name]) for grid in self.config.scalars], dim=1
        )

    def features(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The same."""
        found: Tensor = self(inputs)
        return found


def initialise_backbone(backbone: Backbone, generator: torch.Generator) -> None:
    """Initialise all weights, biases at zero.

    Convolutions as He et al. (ICCV 2015), the last one of a residual unit at zero, so that a
    unit begins as its shortcut (Zhang et al., ICLR 2019); linear layers Xavier-uniform, but
    scalars change nothing at first. Of an lstm the recurrent weights are orthogonal and the forget
    gates begin open (Jozefowicz et al., ICML 2015).
    """
    if isinstance(backbone.layers, UserLayers):
        backbone.layers.initialise(generator)
        return
    for module in backbone.modules():
        if isinstance(module, nn.LSTM):
            _initialise_lstm(module, generator)
        elif isinstance(module, nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
    for name, parameter in backbone.named_parameters():
        if name.endswith(".bias"):
            nn.init.zeros_(parameter)
    for module in backbone.modules():
        if isinstance(module, ResidualUnit):
            nn.init.zeros_(module.second.weight)
        elif isinstance(module, FeatureModulation):
            nn.init.zeros_(module.out.weight)


def _initialise_lstm(lstm: nn.LSTM, generator: torch.Generator) -> None:
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):  # gates are in the order input, forget, cell, output
                nn.init.ones_(parameter[lstm.hidden_size : 2 * lstm.hidden_size])
            continue
        draw = nn.init.orthogonal_ if name.startswith("weight_hh") else nn.init.xavier_uniform_
        for gate in parameter.chunk(4):
            draw(gate, generator=generator)


class ImageConvolutions(nn.Module):
    """Four blocks that halve an image, the mean of each of 4×4 regions, one linear layer.

    The regions keep positions on the axes, which is what a constellation consists of.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        channels = (config.seen.planes, *_IMAGE_CHANNELS)
        blocks = [
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=2, padding=1),
                nn.GroupNorm(_GROUPS, after),
                nn.ReLU(),
            )
            for before, after in pairwise(channels)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.regions = nn.AdaptiveAvgPool2d(_REGIONS)
        scalars = len(config.scalars)
        self.conditioning = FeatureModulation(scalars, channels[-1]) if scalars else None
        self.out = nn.Linear(channels[-1] * _REGIONS * _REGIONS, config.width)

    def forward(self, images: Tensor, scalars: Tensor | None = None) -> Tensor:
        """Features (N, width) of images (N, C, H, W), and of scalars (N, count) beside them."""
        found = self.regions(self.blocks(images))
        if self.conditioning is not None and scalars is not None:
            found = self.conditioning(found, scalars)
        return torch.relu(self.out(found.flatten(1)))


class ResidualUnit(nn.Module):
    """Two convolutions of three samples beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, padding=1)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, sequence: Tensor) -> Tensor:
        return sequence + self.second(torch.relu(self.first(sequence)))


class ResidualStacks(nn.Module):
    """Stacks of one mixing layer and two residual units, each of which halves a sequence.

    O'Shea, Roy and Clancy, Over-the-air deep learning based radio signal classification, IEEE JSTSP
    12(1), 2018, table V. Here five stacks, not six, and the mean over time in the place of a
    flattened output, so that the length is free.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        stacks = [
            nn.Sequential(
                nn.Conv1d(_STACK_CHANNELS if number else config.seen.planes, _STACK_CHANNELS, 1),
                ResidualUnit(_STACK_CHANNELS),
                ResidualUnit(_STACK_CHANNELS),
                nn.MaxPool1d(2, ceil_mode=True),
            )
            for number in range(_STACKS)
        ]
        self.stacks = nn.Sequential(*stacks)
        self.out = nn.Linear(_STACK_CHANNELS, config.width)

    def forward(self, sequence: Tensor) -> Tensor:
        """Features (N, width) of I and Q (N, 2, T)."""
        return torch.selu(self.out(self.stacks(sequence).mean(dim=-1)))


class AmplitudePhaseLstm(nn.Module):
    """Two recurrent layers over amplitude and phase, and the mean of their states over time.

    Rajendran, Meert, Giustiniano, Lenders and Pollin, Deep learning models for wireless signal
    classification with distributed low-cost spectrum sensors, IEEE TCCN 4(3), 2018, which takes
    the last state: of a thousand symbols that holds the last few, and learns more slowly.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.samples_per_step = config.samples_per_step
        entering = 2 * config.samples_per_step
        self.lstm = nn.LSTM(entering, config.width, _LSTM_LAYERS, batch_first=True)

    def forward(self, sequence: Tensor) -> Tensor:
        """Features (N, width) of I and Q (N, 2, T)."""
        steps = amplitude_phase(sequence).unflatten(-1, (-1, self.samples_per_step))
        states, _ = self.lstm(steps.transpose(1, 2).flatten(2))  # (N, steps, 2 · samples)
        return states.mean(dim=1)


def amplitude_phase(sequence: Tensor) -> Tensor:
    """Amplitude, and phase in half turns from −1 to 1, (N, 2, T), of I and Q (N, 2, T)."""
    in_phase, quadrature = sequence.unbind(1)
    phase = torch.atan2(quadrature, in_phase) / pi
    return torch.stack([torch.hypot(in_phase, quadrature), phase], dim=1)


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of a backbone, the dimensions of its input, and whether it takes scalars."""

    make: Callable[[BackboneConfig], nn.Module]
    dimensions: int
    takes_scalars: bool = False


BACKBONES: dict[str, Layers] = {
    "cnn": Layers(ImageConvolutions, 3, takes_scalars=True),
    "resnet": Layers(ResidualStacks, 2),
    "lstm": Layers(AmplitudePhaseLstm, 2),
}
"""Of an image: `cnn`. Of I and Q in time: `resnet` and `lstm`."""


def layers_of(kind: str) -> Layers:
    """The layers of a kind, or of a user's class."""
    if kind in BACKBONES:
        return BACKBONES[kind]
    if not is_code_name(kind):
        known = " or ".join(BACKBONES)
        raise ShapeError(f"the kind of a backbone must be {known}, got {kind!r}")
    own = class_of_card(kind)
    dimensions = MODALITIES[modality_of(own)]
    return Layers(lambda config: UserLayers(own, config.seen.shape), dimensions)
