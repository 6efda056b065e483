"""The vision transformer encoder over visible patches of one or more modalities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from rfmae.configuration.methods import Positions
from rfmae.errors import CheckpointError, ShapeError, check_choice
from rfmae.models.patches import PatchGrid, PatchMask, patchify, take_patches
from rfmae.models.transformer import TransformerBlock, layer_norm, sine_cosine_positions

Inputs = Mapping[str, Tensor]
"""Inputs of a network by modality: images (N, C, H, W), sequences (N, C, T)."""

Masks = Mapping[str, PatchMask]
"""The mask of each modality."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """A vision transformer (Dosovitskiy et al. 2021) over the patches of one or more modalities."""

    modalities: tuple[PatchGrid, ...]
    width: int
    depth: int
    heads: int
    positions: Positions = "sine-cosine"

    def __post_init__(self) -> None:
        check_choice("positions", self.positions, Positions)
        names = [grid.name for grid in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ShapeError(
                f"an encoder needs modalities of different names, got {', '.join(names) or 'none'}"
            )

    def of(self, names: Sequence[str]) -> "EncoderConfig":
        """The same encoder for some of its modalities."""
        unknown = [name for name in names if name not in [grid.name for grid in self.modalities]]
        if unknown:
            raise ShapeError(
                f"the encoder was not trained on the modality {unknown[0]!r}, only on "
                f"{', '.join(grid.name for grid in self.modalities)}; leave it out"
            )
        return replace(self, modalities=tuple(g for g in self.modalities if g.name in names))

    def grid(self, name: str) -> PatchGrid:
        """How the modality of a name is cut."""
        return next(grid for grid in self.modalities if grid.name == name)


def resized(config: EncoderConfig, name: str, shape: tuple[int, ...]) -> EncoderConfig:
    """The same encoder for an input of another size, with the positions as parameters."""
    grids = tuple(
        replace(grid, shape=shape) if grid.name == name else grid for grid in config.modalities
    )
    return replace(config, modalities=grids, positions="learned")


def are_resized(learnt: Any, own: Any) -> bool:
    """Whether an encoder is another with images of another size (see `resized`)."""
    if not (isinstance(learnt, EncoderConfig) and isinstance(own, EncoderConfig)):
        return False
    sizes = {grid.name: grid.shape for grid in own.modalities if len(grid.shape) == 3}
    for name, shape in sizes.items():
        learnt = resized(learnt, name, shape)
    return learnt == own


def resized_positions(
    weights: Mapping[str, Tensor], learnt: EncoderConfig, own: EncoderConfig
) -> dict[str, Tensor]:
    """The positions of a resized encoder, bicubically interpolated from those it has learnt.

    They are those of the vision transformer at another resolution (Dosovitskiy et al. 2021, sec.
    3.2). Nothing is returned where the encoders are the same.
    """
    if learnt == own:
        return {}
    found = {}
    for before, after in zip(learnt.modalities, own.modalities, strict=True):
        if after.is_scalar:
            continue
        key = f"stems.{after.name}.positions"
        codes = weights.get(key)
        if codes is None:
            codes = sine_cosine_positions(before.counts, learnt.width)
        found[key] = interpolated(codes, before.counts, after.counts)
    return found


def interpolated(codes: Tensor, before: tuple[int, ...], after: tuple[int, ...]) -> Tensor:
    """Position codes (L, width) of a grid of patches for another grid; the same for the same."""
    if before == after:
        return codes
    image = codes.T.unflatten(1, before)[None]  # (1, width, rows, columns)
    resized_image = nn.functional.interpolate(image, after, mode="bicubic", align_corners=False)
    return resized_image[0].flatten(1).T.contiguous()


def encoder_config_from_card(card: Mapping[str, Any]) -> EncoderConfig:
    """The encoder that a card describes."""
    try:
        grids = tuple(
            PatchGrid(**{key: _as_tuple(value) for key, value in grid.items()})
            for grid in card["modalities"]
        )
        return EncoderConfig(**{**card, "modalities": grids})
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"a card describes an encoder that this version of rfmae does not read ({error}); "
            "train it again"
        ) from error


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def position_codes(grid: PatchGrid, width: int, kind: Positions) -> Tensor:
    """The positions (L, width) of a grid; learned ones are parameters that start at zero."""
    if kind == "learned":
        return nn.Parameter(torch.zeros(grid.patches, width))
    return sine_cosine_positions(grid.counts, width)


def hold_positions(module: nn.Module, grid: PatchGrid, width: int, kind: Positions) -> None:
    """Give a module its `positions`; fixed ones are recomputed, never stored."""
    positions = position_codes(grid, width, kind)
    if isinstance(positions, nn.Parameter):
        module.register_parameter("positions", positions)
    else:
        module.register_buffer("positions", positions, persistent=False)


class Stem(nn.Module):
    """Patches of one modality to tokens: standardised, embedded, with positions added."""

    positions: Tensor
    mean: Tensor
    deviation: Tensor

    def __init__(self, grid: PatchGrid, width: int, positions: Positions, *, alone: bool) -> None:
        super().__init__()
        self.grid = grid
        self.embed = nn.Linear(grid.patch_values, width)
        if not grid.is_scalar:
            hold_positions(self, grid, width, positions)
        if not alone:  # which modality a token is of
            self.kind_token = nn.Parameter(torch.zeros(1, 1, width))
        if grid.mean:
            repeats = grid.patch_values // grid.planes
            for name in ("mean", "deviation"):
                values = torch.tensor(getattr(grid, name)).repeat_interleave(repeats)
                self.register_buffer(name, values, persistent=False)

    def forward(self, inputs: Tensor, mask: PatchMask | None) -> Tensor:
        """Tokens (N, V, width) of the visible patches in token order, or of all in patch order."""
        self.grid.check(inputs)
        if mask is None:
            patches = patchify(inputs, self.grid.patch)
        else:  # embed only what is visible
            patches = take_patches(inputs, self.grid, mask.visible_ids)
        if self.grid.mean:
            patches = (patches - self.mean) / self.deviation
        return self._placed(self.embed(patches), mask) + getattr(self, "kind_token", 0.0)

    def _placed(self, tokens: Tensor, mask: PatchMask | None) -> Tensor:
        if self.grid.is_scalar:
            return tokens
        if mask is None:
            return tokens + self.positions
        if not mask.unplaced:
            return tokens + self.positions[mask.visible_ids]
        lost, found = tokens.tensor_split([mask.unplaced], dim=1)
        found = found + self.positions[mask.visible_ids[:, mask.unplaced :]]
        return torch.cat([lost.to(found.dtype), found], dim=1)


class Encoder(nn.Module):
    """Patches to tokens; the class token is the first."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        alone = len(config.modalities) == 1
        self.stems = nn.ModuleDict(
            {
                grid.name: Stem(grid, config.width, config.positions, alone=alone)
                for grid in config.modalities
            }
        )
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.blocks = nn.ModuleList(
            TransformerBlock(config.width, config.heads) for _ in range(config.depth)
        )
        self.norm = layer_norm(config.width)

    def forward(
        self, inputs: Inputs, masks: Masks | None = None, paths: Tensor | None = None
    ) -> Tensor:
        """Tokens (N, 1 + V, width): the class token, then modality after modality the visible
        patches in the order of their mask, or all patches in their own order.

        Some of the modalities may be missing, as clean twins are in received data. In training,
        `paths` (depth, 2, N) mark the branches that stay (see `draw_paths`).
        """
        parts = self.embedded(inputs, masks)
        tokens = torch.cat([self.first(inputs), *parts.values()], dim=1)
        for number, block in enumerate(self.blocks):
            tokens = block(tokens, paths=None if paths is None else paths[number])
        return self.norm(tokens)

    def features(self, inputs: Inputs, paths: Tensor | None = None) -> Tensor:
        """Features (N, width) of examples without a mask."""
        return mean_token(self(inputs, paths=paths))

    def embedded(self, inputs: Inputs, masks: Masks | None = None) -> dict[str, Tensor]:
        """The tokens of each modality before the first block, (N, V, width)."""
        unknown = [name for name in inputs if name not in self.stems]
        if unknown or not inputs:
            raise ShapeError(
                f"the network sees {' and '.join(self.stems)} or some of them, "
                f"got {' and '.join(inputs) or 'none'}"
            )
        return {
            name: stem(inputs[name], None if masks is None else masks[name])
            for name, stem in self.stems.items()
            if name in inputs
        }

    def first(self, inputs: Inputs) -> Tensor:
        """The class token of each example, (N, 1, width)."""
        return self.class_token.expand(len(next(iter(inputs.values()))), -1, -1)


def mean_token(tokens: Tensor) -> Tensor:
    """The mean patch token (N, width), the representation of an example."""
    return tokens[:, 1:].mean(dim=1)
