"""Named sizes, from tiny (tests) over small (a laptop) to base (the paper's ViT-B)."""

from dataclasses import dataclass

from rfmae.errors import RecipeError, nearest
from rfmae.models.classifier import ClassifierConfig
from rfmae.models.denomae import DenoMAEConfig
from rfmae.models.vit import EncoderConfig


@dataclass(frozen=True, slots=True)
class Preset:
    """A size of network, apart from the images it is for."""

    width: int
    depth: int
    heads: int
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    head_hidden: tuple[int, ...]  # of the classifier
    learning_rate: float  # at the peak of pre-training


PRESETS = {
    "tiny": Preset(96, 4, 3, 64, 2, 2, (96,), 1.5e-3),
    "small": Preset(192, 8, 6, 128, 4, 4, (128,), 1e-3),
    "base": Preset(768, 12, 12, 512, 8, 8, (512, 256), 3e-4),
}


def find_preset(name: str) -> Preset:
    """The preset of a name."""
    if name not in PRESETS:
        raise RecipeError(f"unknown preset {name!r}; {nearest(name, PRESETS)}")
    return PRESETS[name]


def patch_size_for(image_size: int) -> int:
    """16 pixels as in the paper, 8 on images under 64 pixels."""
    patch = 16 if image_size >= 64 else 8
    if image_size % patch:
        raise RecipeError(
            f"image size must be a multiple of {patch} pixels, the patch, got {image_size}"
        )
    return patch


def encoder_config(preset: str, image_size: int, planes: int) -> EncoderConfig:
    """The encoder of a preset for images of a size."""
    size = find_preset(preset)
    return EncoderConfig(
        image_size, patch_size_for(image_size), planes, size.width, size.depth, size.heads
    )


def denomae_config(
    preset: str,
    image_size: int,
    planes: int,
    *,
    mask_ratio: float = 0.75,
    position_weight: float = 0.1,
) -> DenoMAEConfig:
    """The DenoMAE2.0 of a preset for images of a size."""
    size = find_preset(preset)
    return DenoMAEConfig(
        encoder_config(preset, image_size, planes),
        size.decoder_width,
        size.decoder_depth,
        size.decoder_heads,
        mask_ratio,
        position_weight,
    )


def classifier_config(encoder: EncoderConfig, classes: int) -> ClassifierConfig:
    """The classifier on an encoder, with the head of the preset that has its width."""
    heads = {preset.width: preset.head_hidden for preset in PRESETS.values()}
    return ClassifierConfig(encoder, classes, heads.get(encoder.width, ()))
