"""The encoder and decoder of here against the ViTMAE of Hugging Face, with the same weights."""

import pytest
import torch
from hugging_face_weights import converted, half_turned
from small_networks import assert_same_gradients, generator, gradients_of

from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid, PatchMask, patchify
from rfmae.models.transformer import sine_cosine_positions
from rfmae.models.vit import EncoderConfig

SIZE, PATCH, WIDTH, DECODER_WIDTH = 32, 8, 32, 16
PATCHES = (SIZE // PATCH) ** 2
FLOAT32 = 1e-5  # what the order of sums in float32 leaves, relative to the largest value


def their_positions(rows, columns, width, **options):
    from transformers.models.vit_mae import modeling_vit_mae

    return modeling_vit_mae.build_2d_sinusoidal_position_embedding(rows, columns, width, **options)


def theirs(planes, attention, normalised=False):
    """Their network, every weight drawn, with the positions of their published weights."""
    from transformers import ViTMAEConfig, ViTMAEForPreTraining  # two seconds to import

    config = ViTMAEConfig(
        image_size=SIZE,
        patch_size=PATCH,
        num_channels=planes,
        hidden_size=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=4 * WIDTH,
        decoder_hidden_size=DECODER_WIDTH,
        decoder_num_hidden_layers=2,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=4 * DECODER_WIDTH,
        layer_norm_eps=1e-6,  # as their published weights have it
        norm_pix_loss=normalised,
        attn_implementation=attention,
    )
    network = ViTMAEForPreTraining(config).train()
    with torch.no_grad():
        for place, (name, parameter) in enumerate(network.named_parameters()):
            centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            draws = torch.randn(parameter.shape, generator=generator(place))
            parameter.copy_(centre + 0.2 * draws)
        _give_positions(network.vit.embeddings.position_embeddings)
        _give_positions(network.decoder.decoder_pos_embed)
    return network


def _give_positions(parameter):
    side, width = SIZE // PATCH, parameter.shape[-1]
    rows_first = their_positions(side, side, width, cls_token=True)
    parameter.copy_(half_turned(rows_first, -1))


def ours(network, normalised=False):
    """The same network under our names; nothing may be missing or left over."""
    config = network.config
    planes = config.num_channels
    grid = PatchGrid("image", (planes, SIZE, SIZE), PATCH)
    mine = DenoMAE(
        DenoMAEConfig(
            EncoderConfig((grid,), WIDTH, config.num_hidden_layers, config.num_attention_heads),
            DECODER_WIDTH,
            config.decoder_num_hidden_layers,
            config.decoder_num_attention_heads,
            pixels=PixelTask(normalised=normalised),
            position=PositionTask(weight=0),
        )
    )
    mine.load_state_dict(converted(network.state_dict(), planes, PATCH))
    return mine


@pytest.fixture
def order():
    """The random numbers whose order is the order of the tokens."""
    return torch.rand(5, PATCHES, generator=generator(2))


def masks_of(order):
    ids, visible = order.argsort(dim=1), PATCHES // 4
    return {"image": PatchMask(ids[:, :visible], ids[:, visible:])}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("normalised", [False, True], ids=["pixels", "normalised"])
@pytest.mark.parametrize("planes", [1, 3])
def test_loss_and_all_gradients_are_theirs(planes, normalised, attention, order):
    their = theirs(planes, attention, normalised)
    mine = ours(their, normalised)
    images = torch.rand(5, planes, SIZE, SIZE, generator=generator(1))

    expected = their(images, noise=order).loss
    expected.backward()
    output = mine({"image": images}, masks_of(order))
    found = denomae_losses(output, {"image": images}, mine.config)["loss"]

    torch.testing.assert_close(found, expected, rtol=FLOAT32, atol=0)
    learnt = {name: p.grad for name, p in their.named_parameters() if p.requires_grad}
    assert_same_gradients(gradients_of(mine, found), converted(learnt, planes, PATCH), FLOAT32)


def test_every_predicted_patch_and_the_encoder_tokens_are_theirs(order):
    their = theirs(3, "sdpa")
    mine = ours(their)
    images = torch.rand(5, 3, SIZE, SIZE, generator=generator(1))
    masks = masks_of(order)
    with torch.no_grad():
        seen = their.vit(images, noise=order)
        predicted = their.decoder(seen.last_hidden_state, seen.ids_restore).logits
        output = mine({"image": images}, masks, everything=True)
    torch.testing.assert_close(
        output.tokens, half_turned(seen.last_hidden_state, -1), rtol=FLOAT32, atol=FLOAT32
    )
    assert torch.equal(masks["image"].hidden, seen.mask.bool())
    # their image, cut again in our order of values
    images = their.unpatchify(predicted)
    torch.testing.assert_close(
        output.image("image"), patchify(images, PATCH), rtol=FLOAT32, atol=FLOAT32
    )


def test_the_whole_image_without_a_mask_is_encoded_as_theirs():
    their = theirs(3, "eager")
    their.config.mask_ratio = 0.0
    images = torch.rand(2, 3, SIZE, SIZE, generator=generator(1))
    in_order = torch.arange(PATCHES).expand(2, -1) / PATCHES
    with torch.no_grad():
        expected = their.vit(images, noise=in_order).last_hidden_state
        found = ours(their).encoder({"image": images})
    torch.testing.assert_close(found, half_turned(expected, -1), rtol=FLOAT32, atol=FLOAT32)


@pytest.mark.parametrize(("rows", "columns", "width"), [(14, 14, 768), (3, 7, 32), (1, 5, 8)])
def test_positions_are_theirs(rows, columns, width):
    expected = their_positions(rows, columns, width)
    # angles grow to 13 radians, and float32 keeps seven digits of them
    torch.testing.assert_close(
        sine_cosine_positions((rows, columns), width), expected, rtol=0, atol=5e-6
    )
