"""Automatic modulation classification with denoising masked autoencoders.

The public functions of the package; importing it loads neither torch nor matplotlib.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rfmae.api import evaluate, finetune, plot, pretrain, synthesise, transfer
    from rfmae.captures.reading import read_capture, read_sigmf, recordings_of
    from rfmae.captures.sigmf_writing import write_sigmf
    from rfmae.classifying import classify, load_classifier
    from rfmae.datasets.recipe import load_recipe
    from rfmae.datasets.store import open_dataset
    from rfmae.datasets.streaming import endless
    from rfmae.inference import load_denoiser, load_encoder, render_images

__version__ = version("rfmae")

__all__ = [
    "classify",
    "endless",
    "evaluate",
    "finetune",
    "load_classifier",
    "load_denoiser",
    "load_encoder",
    "load_recipe",
    "open_dataset",
    "plot",
    "pretrain",
    "read_capture",
    "read_sigmf",
    "recordings_of",
    "render_images",
    "synthesise",
    "transfer",
    "write_sigmf",
]

_PUBLIC = {
    **dict.fromkeys(
        ("evaluate", "finetune", "plot", "pretrain", "synthesise", "transfer"),
        "rfmae.api",
    ),
    "render_images": "rfmae.inference",
    "endless": "rfmae.datasets.streaming",
    "classify": "rfmae.classifying",
    "load_classifier": "rfmae.classifying",
    "load_denoiser": "rfmae.inference",
    "load_encoder": "rfmae.inference",
    "load_recipe": "rfmae.datasets.recipe",
    "open_dataset": "rfmae.datasets.store",
    "read_capture": "rfmae.captures.reading",
    "read_sigmf": "rfmae.captures.reading",
    "recordings_of": "rfmae.captures.sigmf_collections",
    "write_sigmf": "rfmae.captures.sigmf_writing",
}


def __getattr__(name: str) -> Any:
    """Import a public function on first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'rfmae' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
