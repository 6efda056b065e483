"""Trained checkpoints as callables on numpy arrays, for use in scripts."""

from rfmae.inference.answering import (
    Answer,
    CachedInputs,
    FeatureEncoder,
    SignalClassifier,
    load_classifier,
    load_encoder,
)
from rfmae.inference.denoisers import (
    MASK_AVERAGE,
    UNMASKED,
    Denoiser,
    ImageDenoiser,
    RingsDenoiser,
    load_denoiser,
)
from rfmae.inference.input_pipeline import (
    IMAGE,
    InputPipeline,
    IqLike,
    checked_iq,
    checked_views,
    choose_device,
    cut_windows,
    render_images,
)

__all__ = [
    "IMAGE",
    "MASK_AVERAGE",
    "UNMASKED",
    "Answer",
    "CachedInputs",
    "Denoiser",
    "FeatureEncoder",
    "ImageDenoiser",
    "InputPipeline",
    "IqLike",
    "RingsDenoiser",
    "SignalClassifier",
    "checked_iq",
    "checked_views",
    "choose_device",
    "cut_windows",
    "load_classifier",
    "load_denoiser",
    "load_encoder",
    "render_images",
]
