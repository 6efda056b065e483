"""What travels between rooms: batches of I/Q, the image declaration, and the reports."""

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
from rfmae.records.reports import Ceiling, DenoiseReport, SnrReport, as_plain, wilson_interval

__all__ = [
    "DECAY_PLANES",
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
    "Plane",
    "SnrReport",
    "Synthesised",
    "Units",
    "View",
    "Views",
    "What",
    "as_plain",
    "image_config_from_card",
    "wilson_interval",
]
