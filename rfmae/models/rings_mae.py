"""DenoMAE2.0 in circular harmonics: a masked autoencoder equivariant to the carrier phase.

Tokens are the rings of the planes of a constellation (see `rings`). Some are hidden; from what is
visible of a *noisy* example a decoder predicts the *clean* harmonics of all tokens, and a head
predicts the plane and the ring of visible tokens that entered without position. Turning the I/Q
by any angle turns every predicted harmonic and leaves every feature and every logit unchanged.

Where an image is predicted, too, it has its own decoder (see `image_decoder`). No gradient flows
from there to the encoder, so that features stay those of the harmonics.

The task is that of DenoMAE2.0 (arXiv 2502.18202); the equivariance is our own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from rfmae.configuration.masking import Masking
from rfmae.configuration.objective import Objective, PixelTask, PositionTask
from rfmae.errors import ShapeError, check_weight
from rfmae.models.config import check_decoder_depth
from rfmae.models.image_decoder import ImageDecoder, ImageGrid, initialise_image_decoder
from rfmae.models.masking import random_mask
from rfmae.models.patches import PatchMask, take
from rfmae.models.rings import (
    Encoded,
    Perceptron,
    RingsConfig,
    RingsEncoder,
    Standardised,
    free_values,
    initialise_linear,
    initialise_rings,
    mixed,
    times,
    turning_alike,
)
from rfmae.records import ORDERS, RINGS

_ORDERS = len(ORDERS)


@dataclass(frozen=True, slots=True)
class RingsMAEConfig(Objective):
    """An encoder, a decoder of `decoder_depth` perceptrons, the masking and the losses.

    As the encoder has an input for each token, a token whose position is classified enters without
    it (`position.dropout`). The clean `image` is predicted where it has a weight.
    """

    encoder: RingsConfig
    decoder_depth: int = 0
    pixels: PixelTask = field(default_factory=lambda: PixelTask(where="all"), kw_only=True)
    position: PositionTask = field(default_factory=lambda: PositionTask(dropout=0.02), kw_only=True)
    image: ImageGrid | None = field(default=None, kw_only=True)
    image_weight: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        Objective.__post_init__(self)
        if all(self.encoder.harmonics.known_phase):
            raise ShapeError(
                "nothing here turns with an unknown carrier phase (it is known, or every plane is "
                "differential), so that rings would discard the phase; take network vit"
            )
        if self.pixels.normalised:
            raise ShapeError(
                "a ring has no mean and variance to be normalised to: its harmonics are few and "
                "scaled already; leave out normalised targets, or take network vit"
            )
        if self.position.target == "rank":
            raise ShapeError(
                "rings predict the position of a token, not its rank among the visible; "
                "take position target absolute, or network vit"
            )
        if self.position.weight and not self.position.dropout:
            raise ShapeError(
                "a ring enters in its place, so its position is known unless it is dropped, "
                "got position dropout 0; raise it, or set position weight 0"
            )
        check_decoder_depth(self.decoder_depth)
        if (self.image is None) != (self.image_weight == 0):
            raise ShapeError(
                "an image is predicted where it has a weight, and nowhere else, got "
                f"image_weight {self.image_weight:g} and {'no' if self.image is None else 'an'} "
                "image; give both or neither"
            )
        check_weight("image_weight", self.image_weight)
        self.masking.most_visible(self.encoder.harmonics.patches)
        if self.masking.unit > max(self.encoder.harmonics.counts):
            raise ShapeError(
                f"rings come in {' × '.join(map(str, self.encoder.harmonics.counts))}, fewer than "
                f"a mask unit of {self.masking.unit}; take a smaller one"
            )


def draw_ring_masks(
    config: RingsMAEConfig,
    n: int,
    generator: torch.Generator,
    step: int = 1,
    steps: int = 1,
    *,
    masking: Masking | None = None,
) -> PatchMask:
    """Masks of n examples, with the visible tokens that lose their position.

    `masking` is that of this step where it is not the configuration's own.
    """
    grid, masking = config.encoder.harmonics, masking or config.masking
    visible = masking.visible_at(grid.patches, step, steps)
    unplaced = math.ceil(config.position.dropout * visible) if config.position.weight else 0
    return random_mask(n, grid.counts, visible, generator, unit=masking.unit, unplaced=unplaced)


@dataclass(frozen=True, slots=True)
class RingsOutput:
    """The output of the network for one batch.

    `predicted` (N, planes, orders, rings, 2) are clean harmonics in units of their planes, and
    `target` is their target, where it was given; `position_logits` (N, U, tokens) predict which
    token each one without position is. `images` (N, C, H, W) are clean ones, in 0 to 1, of a
    network that predicts them.
    """

    predicted: Tensor
    target: Tensor | None
    position_logits: Tensor | None
    mask: PatchMask | None
    features: Tensor  # (N, width)
    images: Tensor | None = None


class RingsMAE(nn.Module):
    """Encoder, decoder and, where they have a weight, a position head and an image decoder."""

    def __init__(self, config: RingsMAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = RingsEncoder(config.encoder)
        self.targets = Standardised(config.encoder.harmonics, by_order=False)
        self.decoder = RingsDecoder(config)
        if config.position.weight:
            self.position_head = PositionHead(config.encoder)
        self.image_decoder = None
        if config.image is not None:
            self.image_decoder = ImageDecoder(config.encoder, config.image)

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        mask: PatchMask | None = None,
        target: Tensor | None = None,
    ) -> RingsOutput:
        """Predict all clean harmonics, and the positions of tokens that lost theirs.

        `target` (N, planes, orders, 2·rings) is returned in the units of the prediction.
        """
        name = self.config.encoder.harmonics.name
        encoded = self.encoder(inputs, mask)
        logits = None
        with torch.autocast(inputs[name].device.type, enabled=False):
            if mask is not None and mask.unplaced:
                tokens = lone_tokens(inputs[name].float(), mask)
                logits = self.position_head(tokens, encoded)
            predicted = self.decoder(encoded)
            scaled = None if target is None else self.targets(target)
            images = None if self.image_decoder is None else self._predicted_images(encoded)
        return RingsOutput(predicted, scaled, logits, mask, encoded.features, images)

    def denoised(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Clean harmonics (N, planes, orders, 2·rings) of noisy ones, without a mask."""
        return self.targets.back(self.decoder(self.encoder(inputs)))

    def images(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Clean images (N, C, H, W) in 0 to 1 of noisy harmonics, without a mask."""
        return self._predicted_images(self.encoder(inputs))

    def _predicted_images(self, encoded: Encoded) -> Tensor:
        if self.image_decoder is None:
            raise ShapeError("these rings predict no images; pre-train them with an image weight")
        images: Tensor = self.image_decoder(Encoded(*(part.detach() for part in encoded)))
        return images


class RingsDecoder(nn.Module):
    """Mixtures gated by features and mixed back, so that predictions turn with them.

    A gate is a complex function of the invariant features. Visible tokens also pass through, each
    order of each with its own gate.
    """

    free: Tensor
    allowed: Tensor

    def __init__(self, config: RingsMAEConfig) -> None:
        super().__init__()
        encoder = config.encoder
        grid, width = encoder.harmonics, encoder.width
        self.grid = grid
        self.blocks = nn.ModuleList(Perceptron(width) for _ in range(config.decoder_depth))
        self.gates = nn.Linear(width, _ORDERS * sum(encoder.sums) * 2)
        self.mixing = nn.Parameter(torch.empty(_ORDERS, grid.patches, sum(encoder.sums)))
        self.register_buffer("allowed", turning_alike(encoder).T.clone(), persistent=False)
        self.passing = nn.Linear(width, grid.planes * _ORDERS * RINGS)
        self.register_buffer("free", torch.tensor(free_values(grid)), persistent=False)
        self.freely = nn.Linear(width, len(self.free))  # of what no phase turns

    def forward(self, encoded: Encoded) -> Tensor:
        """Harmonics (N, planes, orders, rings, 2)."""
        features = encoded.features
        for block in self.blocks:
            features = block(features)
        gates = self.gates(features).unflatten(-1, encoded.mixtures.shape[1:])
        gated = times(encoded.mixtures, gates)
        turning = mixed(self.mixing * self.allowed, gated).unflatten(2, self.grid.counts)
        passed = self.passing(features).view(-1, self.grid.planes, _ORDERS, RINGS, 1)
        predicted = turning.transpose(1, 2) + passed * encoded.harmonics
        freely = torch.zeros_like(predicted).flatten(1)
        freely = freely.index_copy(1, self.free, self.freely(features))
        return predicted + freely.view_as(predicted)


class PositionHead(nn.Module):
    """Predicts the plane and ring of a token from its moduli and the other tokens.

    Its phases are not used: whether they turn depends on its plane, which is unknown.
    """

    def __init__(self, config: RingsConfig) -> None:
        super().__init__()
        self.hidden = nn.Linear(_ORDERS + config.width, config.width)
        self.out = nn.Linear(config.width, config.harmonics.patches)

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Logits (N, U, tokens) of unscaled tokens (N, U, orders, 2) without position."""
        moduli = (tokens.square().sum(dim=-1) + _FAINTEST).log()
        others = encoded.features[:, None].expand(-1, tokens.shape[1], -1)
        seen = torch.cat([moduli, others], dim=2)
        return self.out(nn.functional.gelu(self.hidden(seen)))


_FAINTEST = 1e-6  # a power of a harmonic below that of a point in a thousand


def lone_tokens(inputs: Tensor, mask: PatchMask) -> Tensor:
    """The unscaled harmonics (N, U, orders, 2) of the tokens without position."""
    ids = mask.visible_ids[:, : mask.unplaced]
    tokens = inputs.unflatten(-1, (RINGS, 2)).transpose(2, 3).flatten(1, 2)  # (N, tokens, ...)
    return take(tokens.flatten(2), ids).unflatten(-1, (_ORDERS, 2))


def initialise_rings_mae(network: RingsMAE, generator: torch.Generator) -> None:
    """Initialise all weights; the decoder begins near zero, which predicts the mean."""
    initialise_rings(network.encoder, generator)
    for part in (network.decoder, getattr(network, "position_head", None)):
        if part is not None:
            initialise_linear(part, generator)
    nn.init.normal_(network.decoder.mixing, std=0.02, generator=generator)
    for layer in (network.decoder.passing, network.decoder.freely):
        nn.init.zeros_(layer.weight)
    if network.image_decoder is not None:  # last, so that it does not change the draws before it
        initialise_image_decoder(network.image_decoder, generator)
