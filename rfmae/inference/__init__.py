"""Checkpoints as plain callables for SDR scripts: numpy in, numpy out, no flags.

>>> from rfmae import load_classifier                       # doctest: +SKIP
>>> classifier = load_classifier("artifacts/runs/finetune-…")  # doctest: +SKIP
>>> classifier.name(symbols)                                # doctest: +SKIP
'QPSK'
"""

from rfmae.inference.answering import Answer, FeatureEncoder, SignalClassifier
from rfmae.inference.asked import Asked, checked_iq, checked_views, cut_windows
from rfmae.inference.denoising import MASK_AVERAGE, UNMASKED, Denoiser, ImageDenoiser, RingsDenoiser
from rfmae.inference.kept import KeptInputs
from rfmae.inference.loading import choose_device, load_classifier, load_denoiser, load_encoder
from rfmae.inference.sight import IMAGE, Sight, draw_images

__all__ = [
    "IMAGE",
    "MASK_AVERAGE",
    "UNMASKED",
    "Answer",
    "Asked",
    "Denoiser",
    "FeatureEncoder",
    "ImageDenoiser",
    "KeptInputs",
    "RingsDenoiser",
    "Sight",
    "SignalClassifier",
    "checked_iq",
    "checked_views",
    "choose_device",
    "cut_windows",
    "draw_images",
    "load_classifier",
    "load_denoiser",
    "load_encoder",
]
