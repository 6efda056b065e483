"""What travels between rooms: batches of I/Q, what a network sees of them, and the reports."""

from rfmae.records.image import (
    DECAY_PLANES,
    PUBLISHED_SIZE,
    TRAJECTORY_PLANES,
    WHATS,
    ImageConfig,
    Plane,
    Units,
    What,
    image_config_from_card,
)
from rfmae.records.iq import (
    ComplexArray,
    FloatArray,
    IntArray,
    IqBatch,
    IqPairBatch,
    Synthesised,
    View,
    Views,
)
from rfmae.records.modality import (
    IMAGE_ALONE,
    PUBLISHED_FOLD,
    Modality,
    check_modalities,
    modalities_from_card,
    needed_views,
)
from rfmae.records.reports import Ceiling, DenoiseReport, SnrReport, as_plain, wilson_interval

__all__ = [
    "DECAY_PLANES",
    "IMAGE_ALONE",
    "PUBLISHED_FOLD",
    "PUBLISHED_SIZE",
    "TRAJECTORY_PLANES",
    "WHATS",
    "Ceiling",
    "ComplexArray",
    "DenoiseReport",
    "FloatArray",
    "ImageConfig",
    "IntArray",
    "IqBatch",
    "IqPairBatch",
    "Modality",
    "Plane",
    "SnrReport",
    "Synthesised",
    "Units",
    "View",
    "Views",
    "What",
    "as_plain",
    "check_modalities",
    "image_config_from_card",
    "modalities_from_card",
    "needed_views",
    "wilson_interval",
]
