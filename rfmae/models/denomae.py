"""DenoMAE2.0 (arXiv 2502.18202), its predecessor DenoMAE and feature noise in one network.

A quarter of the patches of a noisy image goes through the encoder. A decoder predicts the
clean image; a linear head on the visible tokens predicts the position of each in the image.

Its predecessor DenoMAE (arXiv 2501.11538) sends several modalities through one encoder and has a
decoder for each. Feature noise falls on some of the visible tokens between two blocks of the
encoder (arXiv 2412.19104). Each of the three is a setting of the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rfmae.configuration.masking import Masking
from rfmae.models.config import DenoMAEConfig
from rfmae.models.decoder import Decoder, PatchPredictor
from rfmae.models.masking import everything_visible, random_mask
from rfmae.models.noising import FeatureNoise, Noiser
from rfmae.models.objectives.disruption import hard_bias
from rfmae.models.patches import PatchMask, put_back
from rfmae.models.vit import Encoder, Inputs, Masks


def draw_masks(
    config: DenoMAEConfig,
    n: int,
    generator: torch.Generator,
    step: int = 1,
    steps: int = 1,
    *,
    noised: bool = True,
    masking: Masking | None = None,
) -> dict[str, PatchMask]:
    """Masks of each modality of n examples, at a step of `steps` or at the end.

    `masking` is that of this step where it is not the configuration's own, as where its ratio was
    drawn. A scalar is never hidden, and nothing is drawn for it.
    """
    masking = masking or config.masking
    masks = {}
    for grid in config.encoder.modalities:
        if grid.is_scalar:
            masks[grid.name] = everything_visible(n, grid.patches, generator.device)
            continue
        visible = masking.visible_at(grid.patches, step, steps)
        unplaced = round(config.position.dropout * visible)
        noised_tokens = config.noising.noised_of(visible) if noised else 0
        masks[grid.name] = random_mask(
            n,
            grid.counts,
            visible,
            generator,
            unit=masking.unit,
            unplaced=unplaced,
            noised=min(noised_tokens, visible - unplaced),
        )
    return masks


class ObservedAttention(NamedTuple):
    """Attention between hidden and noised tokens: weights (N, heads, T, T) of some blocks."""

    weights: list[Tensor]
    hidden: Tensor  # indices of the hidden tokens among the T, (n_M,)
    noised: Tensor  # of the noised ones, (n_Q,)


@dataclass(frozen=True, slots=True)
class DenoMAEOutput:
    """The output of the network for one batch, by modality.

    `predicted` (N, K, P) are predicted patches of the last K of the patches in token order, visible
    before hidden: of the noised and the hidden, or of all. `position_logits` (N, V, positions)
    predict which patch each visible token is.
    """

    predicted: Mapping[str, Tensor]
    position_logits: Mapping[str, Tensor]
    masks: Masks
    tokens: Tensor  # (N, 1 + V, width), class token and visible patches after the encoder
    watched: tuple[ObservedAttention, ...] = ()

    def predicted_ids(self, name: str) -> Tensor:
        """Which patches were predicted, (N, K)."""
        patch_ids = self.masks[name].patch_ids
        return patch_ids[:, patch_ids.shape[1] - self.predicted[name].shape[1] :]

    def image(self, name: str) -> Tensor:
        """The predicted patches in patch order, (N, L, P); zero where none was predicted."""
        count = self.masks[name].patches
        return put_back(self.predicted[name].float(), self.predicted_ids(name), count)


class DenoMAE(nn.Module):
    """One encoder; for each modality a decoder and, if positions have a weight, a position head."""

    def __init__(self, config: DenoMAEConfig) -> None:
        super().__init__()
        self.config = config
        grids = config.predicted_grids
        self.encoder = Encoder(config.encoder)
        make = PatchPredictor if config.encodes_hidden else Decoder
        self.decoders = nn.ModuleDict({grid.name: make(config, grid) for grid in grids})
        # a head of weight zero would be a parameter without gradient
        self.position_heads = nn.ModuleDict(
            {
                grid.name: nn.Linear(config.encoder.width, config.position_classes(grid))
                for grid in grids
                if config.position.weight
            }
        )
        if config.noising.share:
            self.noiser = Noiser(config.encoder.width, config.noising)

    def forward(
        self,
        inputs: Inputs,
        masks: Masks,
        noise: FeatureNoise | None = None,
        *,
        everything: bool = False,
    ) -> DenoMAEOutput:
        """Predict clean patches and token positions from the visible patches of noisy inputs.

        `noise` is added to the tokens that the masks mark. Predicted are the patches that the loss
        needs, or `everything`.
        """
        masks = {name: masks[name] for name in self.encoder.stems if name in inputs}
        places = _TokenIndices(masks, with_hidden=self.config.encodes_hidden)
        tokens, watched = self._encoded(inputs, masks, noise, places)
        shown = {name: mask for name, mask in masks.items() if name in self.decoders}
        visible = {name: tokens[:, places.visible[name]] for name in shown}
        predicted = {}
        for name, mask in shown.items():
            count = mask.patches
            if self.config.pixels.where == "hidden" and not everything and mask.hides:
                count -= mask.visible - (mask.noised if noise is not None else 0)
            if self.config.encodes_hidden:
                span = slice(places.hidden[name].stop - count, places.hidden[name].stop)
                predicted[name] = self.decoders[name](tokens[:, span])
            else:
                own = torch.cat([tokens[:, :1], visible[name]], dim=1)
                predicted[name], seen = self._decoded(name, own, mask, count, noise)
                watched = watched + seen
        logits = {
            name: head(visible[name])
            for name, head in self.position_heads.items()
            if name in visible
        }
        seen_tokens = torch.cat([tokens[:, :1], *visible.values()], dim=1)
        return DenoMAEOutput(predicted, logits, shown, seen_tokens, watched)

    def _encoded(
        self, inputs: Inputs, masks: Masks, noise: FeatureNoise | None, places: "_TokenIndices"
    ) -> tuple[Tensor, tuple[ObservedAttention, ...]]:
        """All tokens after the encoder, with feature noise, and the attention that losses need."""
        encoder, noising = self.encoder, self.config.noising
        parts = encoder.embedded(inputs, masks)
        if self.config.encodes_hidden:
            for name, mask in masks.items():
                if name not in self.decoders:
                    continue
                predictor = self.decoders[name]
                assert isinstance(predictor, PatchPredictor)
                masked = predictor.masked(mask).to(parts[name].dtype)
                parts[name] = torch.cat([parts[name], masked], dim=1)
        tokens = torch.cat([encoder.first(inputs), *parts.values()], dim=1)
        quiet = noise is None or not (self.config.encodes_hidden and noising.disrupts)
        watched = [] if quiet else [self._watched(places, tokens.device)]
        bias, seen = None, None
        for number, block in enumerate(encoder.blocks):
            if noise is not None and number == noising.block:
                noised = places.noised(tokens.device)
                with_noise = self.noiser(tokens.index_select(1, noised), noise)
                tokens = tokens.index_copy(1, noised, with_noise.to(tokens.dtype))
                if watched:
                    bias, seen = (
                        self._attention_bias(watched[0], tokens.shape[1]),
                        watched[0].weights,
                    )
            tokens = block(tokens, bias=bias, seen=seen)
        return encoder.norm(tokens), tuple(watched)

    def _decoded(
        self, name: str, tokens: Tensor, mask: PatchMask, count: int, noise: FeatureNoise | None
    ) -> tuple[Tensor, tuple[ObservedAttention, ...]]:
        """Predicted patches, and the attention of a decoder that sees noised tokens."""
        decoder, noising = self.decoders[name], self.config.noising
        if noise is None or not mask.noised or not noising.disrupts:
            return decoder(tokens, mask, count), ()
        places = _TokenIndices({name: mask}, with_hidden=True)
        watched = self._watched(places, tokens.device)
        bias = self._attention_bias(watched, 1 + mask.patches)
        return decoder(tokens, mask, count, bias=bias, seen=watched.weights), (watched,)

    def _watched(self, places: "_TokenIndices", device: torch.device) -> ObservedAttention:
        return ObservedAttention([], places.masked(device), places.noised(device))

    def _attention_bias(self, watched: ObservedAttention, tokens: int) -> Tensor | None:
        """The bias that cuts attention between hidden and noised tokens, where that is hard."""
        if self.config.noising.disruption != "hard":
            return None
        device = watched.hidden.device
        return hard_bias(tokens, watched.hidden, watched.noised, device)


class _TokenIndices:
    """Where the tokens of each modality are: class token, then visible (then hidden) of each."""

    def __init__(self, masks: Masks, *, with_hidden: bool) -> None:
        self.visible: dict[str, slice] = {}
        self.hidden: dict[str, slice] = {}
        self._noised: list[slice] = []
        place = 1
        for name, mask in masks.items():
            end = place + mask.visible
            self.visible[name] = slice(place, end)
            self._noised.append(slice(end - mask.noised, end))
            place = end + (mask.patches - mask.visible if with_hidden else 0)
            self.hidden[name] = slice(end, place)

    def noised(self, device: torch.device) -> Tensor:
        return _indices(self._noised, device)

    def masked(self, device: torch.device) -> Tensor:
        return _indices(list(self.hidden.values()), device)


def _indices(spans: list[slice], device: torch.device) -> Tensor:
    return torch.cat([torch.arange(span.start, span.stop, device=device) for span in spans])
