"""Trained checkpoints as callables on numpy arrays, for use in scripts."""

from rfmae.inference.answering import Answer, FeatureEncoder, SignalClassifier
from rfmae.inference.cached_inputs import CachedInputs
from rfmae.inference.denoisers import MASK_AVERAGE, UNMASKED, Denoiser, ImageDenoiser, RingsDenoiser
from rfmae.inference.input_pipeline import IMAGE, InputPipeline, render_images
from rfmae.inference.iq_arguments import IqLike, checked_iq, checked_views, cut_windows
from rfmae.inference.loading import choose_device, load_classifier, load_denoiser, load_encoder

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
