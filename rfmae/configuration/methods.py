"""Methods of pre-training: the ideas of each paper as settings of one task."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from rfmae.configuration.declared import overridden, setting
from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PatchObjective, PixelTask, PositionTask
from rfmae.errors import RecipeError, nearest

Positions = Literal["sine-cosine", "learned"]
"""Position embeddings: fixed, or learned from zero."""

DEEPEST_DECODER = 64

_PANEL = "Further objectives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(PatchObjective):
    """The task of pre-training with all its parts; by default DenoMAE2.0 (arXiv 2502.18202).

    - `masking`: how much is hidden: one ratio, a curriculum, or a ratio drawn for each step.
    - `pixels`: where the loss is computed, against clean or noisy targets, normalised or not.
    - `position`: the position head: weight, absolute or rank, position dropout.
    - `noising`: feature noise on visible tokens and the disruption loss (arXiv 2412.19104).
    - `scaled`: mean and deviation of each plane are measured once and stay in the card.
    """

    name: str = "denomae2"
    image_weight: float = setting(
        0.0,
        "Rings: of the error of the predicted clean image, such as 1.",
        least=0,
        option="image-weight",
        panel=_PANEL,
    )
    decoder_depth: int | None = setting(
        None,
        "Blocks of the decoder.",
        least=0,
        most=DEEPEST_DECODER,
        option="decoder-depth",
        panel=_PANEL,
        unset="as many as the preset has",
    )
    positions: Positions = setting(
        "sine-cosine", "Position codes of tokens: sine-cosine or learned.", option="positions"
    )
    scaled: bool = setting(True, "Standardise each plane of the input.", option="scaled/unscaled")

    def __str__(self) -> str:
        return self.name


_NO_POSITION = PositionTask(weight=0.0)

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(name="mae", position=_NO_POSITION, pixels=PixelTask(target="noisy")),
        Method(name="denomae", position=_NO_POSITION),
        Method(name="denomae2"),
        Method(name="position-dropout", position=PositionTask(dropout=0.5)),
        Method(
            name="curriculum",
            masking=Masking(start_ratio=0.5),
            laplacian_weight=0.05,
            uniformity_weight=0.01,
        ),
        Method(name="feature-noise", noising=Noising(share=0.5)),
        Method(
            name="symmetric-feature-noise",
            masking=Masking(ratio=0.6),
            pixels=PixelTask(error="absolute"),
            noising=Noising(share=0.5),
            mask_tokens="encoder",
        ),
        Method(
            name="denoiser",
            masking=Masking(lowest=0.0),
            pixels=PixelTask(where="all", error="rms"),
            position=_NO_POSITION,
        ),
        Method(name="legacy", scaled=False),
    )
}
"""Every method by its name; each of its settings can be changed in addition.

mae: He et al. 2022, on noisy images. denomae: arXiv 2501.11538, without a position head. denomae2:
arXiv 2502.18202. The next are DenoMAE2.0 with one more idea: position dropout; the curriculum of
mask ratios with Laplacian and uniformity losses; feature noise with the disruption loss, and its
symmetric variant. denoiser: mask ratios from 0 up, the loss on all patches, so that it can denoise
with nothing hidden. legacy: DenoMAE2.0 with inputs that are not standardised, as in its public
code.
"""

_RISING = Masking(ratio=0.5, start_ratio=0.25)

_RINGS: dict[str, Method] = {
    name: replace(
        method,
        masking=_RISING if method.masking.start_ratio else replace(method.masking, ratio=0.0),
        pixels=replace(method.pixels, where="all"),
        position=replace(method.position, dropout=0.02 if method.position.weight else 0.0),
        image_weight=1.0 if name == "denoiser" else 0.0,
    )
    for name, method in METHODS.items()
}
"""The same for rings: only the curriculum hides anything, the loss is on all tokens, and one token
in fifty loses its position code and predicts its position (docs/pretraining.md has the effect of
hiding and of lost positions). A denoiser predicts images.
"""

OF_PATCHES = ("feature-noise", "symmetric-feature-noise")
"""Methods for square patches alone."""

METHOD_KEYS = frozenset(item.name for item in fields(Method)) - {"name"}
"""The settings of a method, as keys of a table of training settings."""


def find_method(name: str, network: str = "vit") -> Method:
    """The method of a name for a kind of network."""
    if name not in METHODS:
        raise RecipeError(f"unknown method {name!r}; {nearest(name, METHODS)}")
    return (_RINGS if network == "rings" else METHODS)[name]


def with_switches(method: Method, switches: Mapping[str, Any]) -> Method:
    """A method with some of its settings changed, by dotted names such as `position.weight`.

    Those that are None stay unchanged.
    """
    table: dict[str, Any] = {}
    for name, given in switches.items():
        if given is not None:
            group, _, inner = name.rpartition(".")
            (table.setdefault(group, {}) if group else table)[inner] = given
    return overridden(method, table)


def method_table(method: Method) -> dict[str, Any]:
    """All settings of a method as a nested table, its name under `method`."""
    table = asdict(method)
    return {"method": table.pop("name"), **table}
