"""Methods of pre-training: the ideas of each paper as switches."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from rfmae.errors import RecipeError, nearest
from rfmae.models.config import DenoMAEConfig, MaskTokens, PixelTask, PositionTask, UniformityLevel
from rfmae.models.image_decoder import ImageGrid
from rfmae.models.kinds import Grid, find_network
from rfmae.models.masking import Masking
from rfmae.models.noising import Noising
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import denomae_config, encoder_config, find_preset
from rfmae.models.pretrainers import PatchPretrainer, Pretrainer, RingsPretrainer
from rfmae.models.rings import RingsConfig
from rfmae.models.rings_mae import RingsMAEConfig
from rfmae.models.vit import Positions


@dataclass(frozen=True, slots=True)
class Method:
    """The task of pre-training; by default DenoMAE2.0 (arXiv 2502.18202).

    - `masking`: how much is hidden: one ratio, a curriculum, or a ratio drawn for each step.
    - `pixels`: where the loss is computed, against clean or noisy targets, normalised or not.
    - `position`: the position head: weight, absolute or rank, position dropout.
    - `noising`: feature noise on visible tokens and the disruption loss (arXiv 2412.19104).
    - `laplacian_weight`, `uniformity_weight`: weights of the Laplacian and uniformity losses.
    - `image_weight`: rings also predict the clean image from its harmonics.
    - `mask_tokens`: in the decoder, or in the encoder (the symmetric variant).
    - `decoder_depth`: blocks of the decoder; by default those of the preset.
    - `positions` of tokens: fixed or learned. `scaled`: whether the encoder standardises each
      plane of its input; mean and deviation are measured once and stay in its card.
    """

    masking: Masking = field(default_factory=Masking)
    pixels: PixelTask = field(default_factory=PixelTask)
    position: PositionTask = field(default_factory=PositionTask)
    noising: Noising = field(default_factory=Noising)
    laplacian_weight: float = 0.0
    uniformity_weight: float = 0.0
    uniformity_level: UniformityLevel = "image"
    image_weight: float = 0.0
    mask_tokens: MaskTokens = "decoder"
    decoder_depth: int | None = None
    positions: Positions = "sine-cosine"
    scaled: bool = True

    def pretrainer(
        self, network: str, preset: str, grids: tuple[Grid, ...], image: ImageGrid | None = None
    ) -> Pretrainer:
        """The pre-training network of a kind and preset for inputs with these grids.

        `image` is the image that rings predict, where it has a weight.
        """
        if network == "rings":
            return RingsPretrainer(self._rings(preset, grids, image))
        if self.image_weight:
            raise RecipeError(
                f"network {network} predicts its input images, so they have no other weight, got "
                f"image weight {self.image_weight:g}; leave it out, or take network rings"
            )
        patches = tuple(grid for grid in grids if isinstance(grid, PatchGrid))
        return PatchPretrainer(self.config(preset, patches))

    def config(self, preset: str, grids: tuple[PatchGrid, ...]) -> DenoMAEConfig:
        """The transformer of a preset for inputs with these grids."""
        encoder = encoder_config(preset, grids, self.positions)
        switches = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ("positions", "scaled", "image_weight")
        }
        return denomae_config(preset, encoder, **switches)

    def _rings(
        self, preset: str, grids: tuple[Grid, ...], image: ImageGrid | None
    ) -> RingsMAEConfig:
        """Rings of a preset; raises `RecipeError` for switches without a meaning for them."""
        for name, wanted, why in _NOT_OF_RINGS:
            if _setting(self, name) != _setting(Method(), name):
                raise RecipeError(
                    f"network rings has {why}, got {wanted} {_setting(self, name)}; "
                    "leave it out, or take network vit"
                )
        encoder = find_network("rings").encoder(preset, grids)
        assert isinstance(encoder, RingsConfig)
        own = find_preset(preset).rings.decoder_depth
        return RingsMAEConfig(
            encoder,
            decoder_depth=own if self.decoder_depth is None else self.decoder_depth,
            masking=self.masking,
            pixels=self.pixels,
            position=self.position,
            laplacian_weight=self.laplacian_weight,
            uniformity_weight=self.uniformity_weight,
            image=image if self.image_weight else None,
            image_weight=self.image_weight,
        )


def _setting(method: Method, name: str) -> Any:
    group, _, inner = name.rpartition(".")
    return getattr(getattr(method, group) if group else method, inner)


_NO_TOKENS = "no tokens between its layers for feature noise"
_NOT_OF_RINGS = (
    ("noising.share", "feature noise", _NO_TOKENS),
    ("noising.block", "noise block", _NO_TOKENS),
    ("noising.scale", "noise scale", _NO_TOKENS),
    ("noising.latest", "latest noise", _NO_TOKENS),
    ("noising.disruption_weight", "disruption weight", _NO_TOKENS),
    ("noising.disruption", "disruption", _NO_TOKENS),
    ("uniformity_level", "uniformity level", "one vector per example, so only level image"),
    ("mask_tokens", "mask tokens", "no attention for mask tokens"),
    ("positions", "positions", "a place for each token and no position codes"),
)
"""Switches without a meaning there: name, words, reason."""

_NO_POSITION = PositionTask(weight=0.0)

METHODS: dict[str, Method] = {
    "mae": Method(position=_NO_POSITION, pixels=PixelTask(target="noisy")),
    "denomae": Method(position=_NO_POSITION),
    "denomae2": Method(),
    "position-dropout": Method(position=PositionTask(dropout=0.5)),
    "curriculum": Method(
        masking=Masking(start_ratio=0.5), laplacian_weight=0.05, uniformity_weight=0.01
    ),
    "feature-noise": Method(noising=Noising(share=0.5)),
    "symmetric-feature-noise": Method(
        masking=Masking(ratio=0.6),
        pixels=PixelTask(error="absolute"),
        noising=Noising(share=0.5),
        mask_tokens="encoder",
    ),
    "denoiser": Method(
        masking=Masking(lowest=0.0),
        pixels=PixelTask(where="all", error="rms"),
        position=_NO_POSITION,
    ),
    "legacy": Method(scaled=False),
}
"""Presets of the switches; every switch can be changed in addition.

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


def find_method(name: str, network: str = "vit") -> Method:
    """The method of a name for a kind of network."""
    if name not in METHODS:
        raise RecipeError(f"unknown method {name!r}; {nearest(name, METHODS)}")
    return (_RINGS if network == "rings" else METHODS)[name]


def with_switches(method: Method, switches: Mapping[str, Any]) -> Method:
    """A method with some of its settings changed, by dotted names such as `position.weight`.

    Those that are None stay unchanged.
    """
    for name, value in switches.items():
        if value is None:
            continue
        group, _, inner = name.rpartition(".")
        changed: Any = replace(getattr(method, group), **{inner: value}) if group else value
        method = replace(method, **{group or name: changed})
    return method
