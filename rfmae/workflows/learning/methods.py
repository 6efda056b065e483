"""What a network is taught while it is pre-trained: each paper's idea is a switch."""

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
    """The task of pre-training; as it comes, DenoMAE2.0 (arXiv 2502.18202).

    - `masking`: how much is hidden: one ratio, a curriculum, or a ratio drawn for each step.
    - `pixels`: where the decoder is judged, against clean or noisy targets, normalised or not.
    - `position`: the position head: weight, absolute or rank, position dropout.
    - `noising`: feature noise on visible tokens and the disruption loss (arXiv 2412.19104).
    - `laplacian_weight`, `uniformity_weight`: sharp edges, and features that spread.
    - `image_weight`: rings paint the clean image, too, of what they know of its harmonics.
    - `mask_tokens`: in the decoder, or in the encoder (the symmetric variant).
    - `decoder_depth`: blocks of the decoder; without one as many as the preset has.
    - `positions` of tokens: fixed or learned. `scaled`: whether the encoder takes mean and
      deviation of each plane off its input; they are measured once and stay in its card.
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
        """The network of a kind and preset that learns this from inputs that are cut so.

        `image` is what rings paint, where it has a weight.
        """
        if network == "rings":
            return RingsPretrainer(self._rings(preset, grids, image))
        if self.image_weight:
            raise RecipeError(
                f"network {network} paints the images that it sees, so they have no other weight, "
                f"got image weight {self.image_weight:g}; leave it out, or take network rings"
            )
        patches = tuple(grid for grid in grids if isinstance(grid, PatchGrid))
        return PatchPretrainer(self.config(preset, patches))

    def config(self, preset: str, grids: tuple[PatchGrid, ...]) -> DenoMAEConfig:
        """The transformer of a preset that learns this from inputs that are cut so."""
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
        """Rings of a preset that learn this; what has no meaning for them is refused."""
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


_NOT_OF_RINGS = (
    ("noising.share", "feature noise", "no tokens between its layers that noise could fall on"),
    ("uniformity_level", "uniformity level", "one vector for an example, so images alone spread"),
    ("mask_tokens", "mask tokens", "no attention that mask tokens could enter"),
    ("positions", "positions", "a place for each token and no codes of positions"),
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
"""Where to start from; every switch can be set beside it.

mae: He et al. 2022, on noisy images. denomae: arXiv 2501.11538, without a position head. denomae2:
arXiv 2502.18202. The next are DenoMAE2.0 with one idea more: position dropout; the curriculum of
mask ratios with Laplacian and uniformity losses; feature noise with the disruption loss, and its
symmetric variant. denoiser: mask ratios from 0 up, all patches judged, so that it answers with
nothing hidden. legacy: DenoMAE2.0 with inputs as they are drawn, as its public code has them.
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
"""The same of rings: nothing is hidden but by the curriculum, all is judged, and one token
in fifty is asked where it comes from, having lost its place (docs/pretraining.md says what hiding
and lost places cost). A denoiser paints images.
"""


def find_method(name: str, network: str = "vit") -> Method:
    """The method of a name as a kind of network has it."""
    if name not in METHODS:
        raise RecipeError(f"unknown method {name!r}; {nearest(name, METHODS)}")
    return (_RINGS if network == "rings" else METHODS)[name]


def with_switches(method: Method, switches: Mapping[str, Any]) -> Method:
    """A method with some of its settings changed, by dotted names such as `position.weight`.

    Those that are none stay as they are.
    """
    for name, value in switches.items():
        if value is None:
            continue
        group, _, inner = name.rpartition(".")
        changed: Any = replace(getattr(method, group), **{inner: value}) if group else value
        method = replace(method, **{group or name: changed})
    return method
