"""Weights of the ViTMAE of Hugging Face transformers under the names and in the order of ours.

Two orders differ. Theirs has a flat patch pixel by pixel, all planes of a pixel together; ours
plane by plane. Theirs encodes the column in the first half of the width and the row in the second;
ours the other way round, so everything that writes to the residual stream or reads from it is
turned by half a width. All of it is a matter of names and places: gradients convert as weights do.
"""

from collections.abc import Mapping

from torch import Tensor, cat

Weights = Mapping[str, Tensor]


def converted(theirs: Weights, planes: int, patch: int) -> dict[str, Tensor]:
    """The state dict of a DenoMAE of the image alone, without position head."""
    return {**_encoder(theirs), **_decoder(theirs, planes, patch)}


def half_turned(values: Tensor, *sides: int) -> Tensor:
    """Both halves of some sides exchanged."""
    return values.roll([values.shape[side] // 2 for side in sides], sides)


def _encoder(theirs: Weights) -> dict[str, Tensor]:
    embed = theirs["vit.embeddings.patch_embeddings.projection.weight"].flatten(1)
    bias = theirs["vit.embeddings.patch_embeddings.projection.bias"]
    return {
        "encoder.class_token": half_turned(theirs["vit.embeddings.cls_token"], -1),
        "encoder.stems.image.embed.weight": half_turned(embed, 0),
        "encoder.stems.image.embed.bias": half_turned(bias, 0),
        **_norm(theirs, "vit.layernorm", "encoder.norm"),
        **_blocks(theirs, "vit.layers", "encoder.blocks"),
    }


def _decoder(theirs: Weights, planes: int, patch: int) -> dict[str, Tensor]:
    ours = "decoders.image"
    width = theirs["decoder.mask_token"].shape[-1]
    pixels = theirs["decoder.decoder_pred.weight"].view(patch, patch, planes, width)
    bias = theirs["decoder.decoder_pred.bias"].view(patch, patch, planes)
    return {
        f"{ours}.mask_token": half_turned(theirs["decoder.mask_token"], -1),
        f"{ours}.embed.weight": half_turned(theirs["decoder.decoder_embed.weight"], 0, 1),
        f"{ours}.embed.bias": half_turned(theirs["decoder.decoder_embed.bias"], 0),
        f"{ours}.pixels.weight": half_turned(pixels.permute(2, 0, 1, 3).flatten(0, 2), 1),
        f"{ours}.pixels.bias": bias.permute(2, 0, 1).flatten(),
        **_norm(theirs, "decoder.decoder_norm", f"{ours}.norm"),
        **_blocks(theirs, "decoder.decoder_layers", f"{ours}.blocks"),
    }


def _blocks(theirs: Weights, their: str, our: str) -> dict[str, Tensor]:
    count = sum(name.startswith(their) and name.endswith("mlp.fc1.bias") for name in theirs)
    blocks = [_block(theirs, f"{their}.{number}", f"{our}.{number}") for number in range(count)]
    return {name: value for block in blocks for name, value in block.items()}


def _block(theirs: Weights, their: str, our: str) -> dict[str, Tensor]:
    def qkv(kind: str) -> Tensor:
        return cat([theirs[f"{their}.attention.{part}_proj.{kind}"] for part in "qkv"])

    return {
        f"{our}.attention.qkv.weight": half_turned(qkv("weight"), 1),
        f"{our}.attention.qkv.bias": qkv("bias"),
        **_writing(theirs, f"{their}.attention.o_proj", f"{our}.attention.out"),
        f"{our}.perceptron.0.weight": half_turned(theirs[f"{their}.mlp.fc1.weight"], 1),
        f"{our}.perceptron.0.bias": theirs[f"{their}.mlp.fc1.bias"],
        **_writing(theirs, f"{their}.mlp.fc2", f"{our}.perceptron.2"),
        **_norm(theirs, f"{their}.layernorm_before", f"{our}.norm_attention"),
        **_norm(theirs, f"{their}.layernorm_after", f"{our}.norm_perceptron"),
    }


def _writing(theirs: Weights, their: str, our: str) -> dict[str, Tensor]:
    """A linear layer that writes to the residual stream."""
    kinds = ("weight", "bias")
    return {f"{our}.{kind}": half_turned(theirs[f"{their}.{kind}"], 0) for kind in kinds}


_norm = _writing
