"""Named network sizes: tiny (tests), small (a laptop) and base (the paper's ViT-B)."""

import math
from dataclasses import dataclass
from typing import Any

from rfmae.configuration.methods import Positions
from rfmae.configuration.training import Head
from rfmae.errors import RecipeError, check_choice, nearest
from rfmae.models.classifier import ClassifierConfig
from rfmae.models.config import DenoMAEConfig
from rfmae.models.encoders import AnyEncoderConfig
from rfmae.models.image_decoder import ImageGrid
from rfmae.models.patches import PatchGrid
from rfmae.models.rings import HarmonicGrid
from rfmae.models.vit import EncoderConfig
from rfmae.records import ImageConfig, Modality, harmonic_planes


@dataclass(frozen=True, slots=True)
class RingsSize:
    """A size of a rings network: features, sums over tokens of each order, and perceptrons."""

    width: int
    mixtures: int
    components: int
    blocks: int
    decoder_depth: int


@dataclass(frozen=True, slots=True)
class Preset:
    """A network size, independent of the input."""

    width: int
    depth: int
    heads: int
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    head_hidden: tuple[int, ...]  # of the classifier
    learning_rate: float  # at the peak of pre-training
    rings: RingsSize


PRESETS = {
    "tiny": Preset(96, 4, 3, 64, 2, 2, (96,), 1.5e-3, RingsSize(128, 16, 32, 1, 0)),
    "small": Preset(192, 8, 6, 128, 4, 4, (128,), 1e-3, RingsSize(256, 32, 64, 1, 0)),
    "base": Preset(768, 12, 12, 512, 8, 8, (512, 256), 3e-4, RingsSize(512, 64, 128, 2, 2)),
}


def find_preset(name: str) -> Preset:
    """The preset of a name."""
    if name not in PRESETS:
        raise RecipeError(f"unknown preset {name!r}; {nearest(name, PRESETS)}")
    return PRESETS[name]


def harmonic_grid(modality: Modality, image: ImageConfig, *, any_phase: bool) -> HarmonicGrid:
    """How harmonics of the planes of an image are cut; without `any_phase` their phase is known."""
    planes = harmonic_planes(image)
    known = tuple(plane.is_differential or not any_phase for plane in planes)
    return HarmonicGrid(modality.name, known)


def image_grid(image: ImageConfig, *, any_phase: bool) -> ImageGrid:
    """The image that rings predict; without `any_phase` the phase of all its planes is known."""
    known = tuple(plane.is_differential or not any_phase for plane in image.planes)
    return ImageGrid(image.size, known)


def patch_grid(modality: Modality, shape: tuple[int, ...], patch: int | None = None) -> PatchGrid:
    """How a modality of a shape is cut: by `patch`, its own patch, or the default of its shape."""
    return PatchGrid(modality.name, shape, patch or modality.patch or default_patch(shape))


def default_patch(shape: tuple[int, ...]) -> int:
    """16 pixels as in the paper, 8 on images under 64 pixels; 16 samples of a sequence.

    A scalar is one patch.
    """
    if math.prod(shape) == 1:
        return 1
    image = len(shape) == 3
    patch = 8 if image and shape[-1] < 64 else 16
    if shape[-1] % patch:
        what, unit = ("image size", "pixels") if image else ("the length of a signal", "samples")
        raise RecipeError(
            f"{what} must be a multiple of {patch} {unit}, the patch, got {shape[-1]}; "
            "or name another patch in the modalities of the recipe"
        )
    return patch


def encoder_config(
    preset: str, grids: tuple[PatchGrid, ...], positions: Positions = "sine-cosine"
) -> EncoderConfig:
    """The encoder of a preset for these patch grids."""
    size = find_preset(preset)
    return EncoderConfig(grids, size.width, size.depth, size.heads, positions)


def denomae_config(
    preset: str, encoder: EncoderConfig, *, decoder_depth: int | None = None, **switches: Any
) -> DenoMAEConfig:
    """The DenoMAE2.0 of a preset with an encoder; `switches` are fields of its objective."""
    size = find_preset(preset)
    depth = size.decoder_depth if decoder_depth is None else decoder_depth
    return DenoMAEConfig(encoder, size.decoder_width, depth, size.decoder_heads, **switches)


def classifier_config(
    encoder: AnyEncoderConfig, classes: int, head: Head = "preset"
) -> ClassifierConfig:
    """The classifier on an encoder; a transformer's preset head is that of the same width."""
    check_choice("head", head, Head)
    heads = {preset.width: preset.head_hidden for preset in PRESETS.values()}
    own = heads.get(encoder.width, ()) if isinstance(encoder, EncoderConfig) else ()
    hidden = {
        "linear": (),
        "preset": own,
        "paper": PRESETS["base"].head_hidden,
    }
    return ClassifierConfig(encoder, classes, hidden[head])
