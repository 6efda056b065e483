"""Encoders of constellation images alone, by preset, image size and planes."""

from rfmae.models.presets import encoder_config, patch_grid
from rfmae.records import Modality


def image_encoder_config(preset, image_size, planes):
    return encoder_config(preset, (patch_grid(Modality(), (planes, image_size, image_size)),))
