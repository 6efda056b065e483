"""The available kinds of networks, each with its input modality and learning rates."""

import inspect
from dataclasses import dataclass
from typing import Literal

from rfmae.errors import RecipeError, nearest
from rfmae.models.backbones import backbone_config
from rfmae.models.encoders import AnyEncoderConfig
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import encoder_config, find_preset
from rfmae.models.rings import HarmonicGrid, RingsConfig
from rfmae.models.user_network import learning_rate_of, modality_of, named_by_user
from rfmae.user_code import is_code_name

Grid = PatchGrid | HarmonicGrid
Network = Literal["vit", "rings", "cnn", "resnet", "lstm"]


@dataclass(frozen=True, slots=True)
class NetworkKind:
    """A kind of network: its input, whether it is pre-trained, and its learning rates.

    Learning rates are at the peak, for batches of 32 in fine-tuning (docs/results.md) and of
    `pretraining_batch` in pre-training, where none means the rate of the preset.
    """

    name: str
    about: str
    sees: str | None  # its one modality; none takes all that a receiver has
    learning_rate: float
    is_pretrained: bool = False
    pretraining_rate: float | None = None
    pretraining_batch: int = 64

    def encoder(self, preset: str, grids: tuple[Grid, ...]) -> AnyEncoderConfig:
        """The encoder for inputs cut by these grids; backbones have one size."""
        if self.name == "rings":
            size = find_preset(preset).rings
            return RingsConfig(grids, size.width, size.mixtures, size.components, size.blocks)
        patches = tuple(grid for grid in grids if isinstance(grid, PatchGrid))
        if self.name == "vit":
            return encoder_config(preset, patches)
        return backbone_config(self.name, patches)


NETWORKS: dict[str, NetworkKind] = {
    kind.name: kind
    for kind in (
        NetworkKind("vit", "a transformer over square patches", None, 1e-3, is_pretrained=True),
        NetworkKind(
            "rings",
            "circular harmonics of the constellation, whatever the carrier phase",
            "harmonics",
            6e-3,
            is_pretrained=True,
            pretraining_rate=3e-3,
            pretraining_batch=256,
        ),
        NetworkKind("cnn", "small convolutional network on images", "image", 1e-3),
        NetworkKind(
            "resnet", "residual convolutions on I/Q (O'Shea, Roy and Clancy 2018)", "signal", 1e-3
        ),
        NetworkKind(
            "lstm",
            "recurrent network on amplitude and phase (Rajendran et al. 2018)",
            "signal",
            1e-3,
        ),
    )
}
"""Every kind by its name."""


def find_network(name: str) -> NetworkKind:
    """The kind of a name, or of a user's `package.module:Class`."""
    if is_code_name(name):
        own = named_by_user(name)
        about = (inspect.getdoc(own) or name).splitlines()[0]
        return NetworkKind(name, about, modality_of(own), learning_rate_of(own))
    if name not in NETWORKS:
        raise RecipeError(f"unknown network {name!r}; {nearest(name, NETWORKS)}")
    return NETWORKS[name]
