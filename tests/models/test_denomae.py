"""DenoMAE2.0 against the papers' counts, and the laws that every network of the family keeps."""

from itertools import permutations

import pytest
import torch
from image_encoders import image_encoder_config
from small_networks import (
    FAMILY,
    IMAGE,
    NOISE,
    SIGNAL,
    built,
    inputs_of,
    losses_of,
    masks_of,
    member,
    noise_of,
    output_of,
    small_config,
    without,
)
from torch import nn

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PositionTask
from rfmae.errors import ShapeError
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid, take
from rfmae.models.presets import PRESETS, denomae_config
from rfmae.models.vit import EncoderConfig


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_base_has_the_parameters_that_the_paper_counts():
    with torch.device("meta"):
        base = DenoMAE(denomae_config("base", image_encoder_config("base", 224, 3)))
    assert base.config.encoder.grid("image").patches == 196
    assert parameters(base.encoder) == 85_647_360
    assert parameters(base.decoders) == 26_008_320
    assert parameters(base.position_heads) == 150_724
    # 85.8 million as printed counts the fixed positions of 196 patches and the class token
    assert round((parameters(base.encoder) + 197 * 768) / 1e6, 1) == 85.8


def test_a_base_that_names_ranks_has_the_head_that_the_paper_prints():
    encoder = image_encoder_config("base", 224, 3)
    with torch.device("meta"):
        base = DenoMAE(denomae_config("base", encoder, position=PositionTask("rank")))
    assert parameters(base.position_heads) == 37_681


def test_five_modalities_have_the_parameters_of_the_first_denomae_where_it_has_them():
    """It has one table of learned positions, no norm at the end, and decoders without mask tokens
    that are as wide as the encoder; what is more here is named below.
    """
    names = ("image", "signal", "clean_image", "clean_signal", "noise")
    grids = tuple(PatchGrid(name, (3, 224, 224), 16) for name in names)
    with torch.device("meta"):
        network = DenoMAE(
            DenoMAEConfig(
                EncoderConfig(grids, 768, 12, 12), 768, 4, 12, position=PositionTask("absolute", 0)
            )
        )
    assert parameters(network.encoder.blocks) == 85_054_464
    decoders = network.decoders.values()
    assert sum(parameters(decoder.blocks) for decoder in decoders) == 141_757_440
    linear, norm, token = 768 * 768 + 768, 2 * 768, 768
    more = norm + 5 * (token + linear + token + norm)  # kinds; into the decoder, hidden, its norm
    published = 232_869_888
    assert parameters(network) == published - 197 * 768 + more


@pytest.mark.parametrize("name", FAMILY)
def test_every_parameter_gets_a_gradient_and_the_loss_is_a_number(name):
    network = member(name)
    loss = losses_of(network)["loss"]
    loss.backward()
    assert loss.isfinite()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        # where nothing is hidden, the mask token has no gradient
        unasked = network.config.masking.includes_zero and parameter_name.endswith("mask_token")
        assert (parameter.grad.abs().sum() > 0) != unasked, parameter_name


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"base"}))
def test_every_preset_builds_and_every_parameter_gets_a_gradient(preset):
    network = built(denomae_config(preset, image_encoder_config(preset, 32, 3)))
    losses_of(network, 2)["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("name", FAMILY)
def test_examples_of_a_batch_never_meet(name):
    """The public code of the first DenoMAE mixes examples where it means to mix patches."""
    network = member(name)
    config = network.config
    masks, inputs = masks_of(config), inputs_of(config)
    noise = noise_of(config, masks)
    others = {key: torch.cat([value[:1], 1 - value[1:]]) for key, value in inputs.items()}
    before, after = network(inputs, masks, noise), network(others, masks, noise)
    for key in before.predicted:
        assert torch.equal(before.predicted[key][0], after.predicted[key][0])
        assert not torch.equal(before.predicted[key][1:], after.predicted[key][1:])
    assert torch.equal(before.tokens[0], after.tokens[0])


@pytest.mark.parametrize("name", [name for name in FAMILY if "nothing hidden" not in name])
def test_the_encoder_sees_visible_patches_alone(name):
    network = member(name)
    config = network.config
    masks, inputs = masks_of(config), inputs_of(config)
    noise = noise_of(config, masks)
    before = network(inputs, masks, noise, everything=True)
    others = inputs
    for grid in config.predicted_grids:
        others = without(others, masks[grid.name], grid.name, grid)
        assert not torch.equal(others[grid.name], inputs[grid.name])
    after = network(others, masks, noise, everything=True)
    for key in before.predicted:
        assert torch.equal(before.predicted[key], after.predicted[key])
    assert torch.equal(before.tokens, after.tokens)


@pytest.mark.parametrize("name", FAMILY)
def test_everything_holds_what_the_loss_needs(name):
    network = member(name)
    in_the_loss, everything = output_of(network), output_of(network, everything=True)
    for grid in network.config.predicted_grids:
        count = in_the_loss.predicted[grid.name].shape[1]
        assert everything.predicted[grid.name].shape[1:] == (grid.patches, grid.patch_values)
        torch.testing.assert_close(
            everything.predicted[grid.name][:, -count:], in_the_loss.predicted[grid.name]
        )
        expected = everything.image(grid.name)
        torch.testing.assert_close(
            take(expected, in_the_loss.predicted_ids(grid.name)), in_the_loss.predicted[grid.name]
        )


@pytest.mark.parametrize("name", FAMILY)
def test_names_of_parameters_are_plain(name):
    keys = [*member(name).state_dict()]
    assert not any("module" in key or "_orig" in key for key in keys)
    assert {key.split(".")[0] for key in keys} <= {
        "encoder",
        "decoders",
        "position_heads",
        "noiser",
    }


@pytest.mark.parametrize("name", ["base, three", "symmetric, three"])
@pytest.mark.parametrize(("seen", "predicted"), list(permutations(["image", "signal", "noise"], 2)))
def test_what_is_hidden_of_one_modality_is_predicted_from_another_too(name, seen, predicted):
    network = member(name)
    masks, inputs = masks_of(network.config), inputs_of(network.config)
    inputs[seen].requires_grad_()
    network(inputs, masks).predicted[predicted].square().sum().backward()
    assert inputs[seen].grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["base, three", "symmetric, three", "laplacian, three"])
def test_a_modality_that_is_missing_leaves_a_network_of_the_others(name):
    """Clean twins and bare noise are missing wherever there is only a receiver."""
    network = member(name)
    masks, inputs = masks_of(network.config), inputs_of(network.config)
    names = ("image", "noise")
    some = network({key: inputs[key] for key in names}, masks)
    assert {*some.predicted} == {*some.masks} == {*names}
    assert some.tokens.shape[1] == 1 + sum(masks[key].visible for key in names)
    losses = denomae_losses(some, {key: inputs[key] for key in names}, network.config)
    assert losses["loss"].isfinite()


def test_modalities_are_cut_and_hidden_each_in_its_own_way():
    config = small_config(IMAGE, SIGNAL, NOISE)
    masks = masks_of(config)
    assert [masks[grid.name].patches for grid in (IMAGE, SIGNAL, NOISE)] == [16, 8, 12]
    assert [masks[grid.name].visible for grid in (IMAGE, SIGNAL, NOISE)] == [4, 2, 3]
    output = output_of(built(config))
    assert output.predicted["signal"].shape == (3, 6, 2 * 8)
    assert output.position_logits["signal"].shape == (3, 2, 8)


SHAPES = {
    "one plane": PatchGrid("image", (1, 16, 16), 4),
    "wide": PatchGrid("image", (2, 8, 24), 4),
    "tall, scaled": PatchGrid("image", (1, 30, 10), 5, (0.3,), (2.0,)),
    "large patches": PatchGrid("image", (3, 32, 16), 16),
    "sequence": PatchGrid("signal", (2, 60), 5),
    "one plane in time": PatchGrid("signal", (1, 16), 1),
}


@pytest.mark.parametrize("grid", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("tokens", ["decoder", "encoder"])
def test_every_shape_trains(grid, tokens):
    network = built(
        small_config(grid, masking=Masking(0.5), mask_tokens=tokens, laplacian_weight=0.05)
    )
    losses_of(network)["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"laplacian_weight": -0.1}, "laplacian weight must be at least 0, got -0.1"),
        ({"uniformity_weight": -1.0}, "uniformity weight must be at least 0, got -1"),
        ({"noising": Noising(0.5, block=2)}, "one of the 2 encoder blocks, got block 2"),
        (
            {"noising": Noising(0.6, block=1), "position": PositionTask(dropout=0.5)},
            "must not exceed 1, got 0.5 and 0.6",
        ),
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_refused(switches, message):
    with pytest.raises(ShapeError, match=message):
        small_config(**switches)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": -1.0}, "position weight must be at least 0, got -1"),
        ({"dropout": 1.5}, "got 1.5"),
    ],
    ids=str,
)
def test_a_position_task_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ShapeError, match=message):
        PositionTask(**change)


def test_images_of_another_size_are_refused():
    network = member("base, one")
    with pytest.raises(ShapeError, match=r"got \(3, 2, 20, 20\)"):
        network({"image": torch.zeros(3, 2, 20, 20)}, masks_of(network.config))


def test_a_modality_that_the_network_never_saw_is_refused():
    network = member("base, one")
    inputs = {**inputs_of(network.config), "noise": torch.zeros(3, 2, 96)}
    with pytest.raises(ShapeError, match="sees image or some of them, got image and noise"):
        network(inputs, masks_of(network.config))
    with pytest.raises(ShapeError, match="sees image or some of them, got none"):
        network({}, {})


# a scalar beside what is hidden and predicted ---------------------------------------------------

SCALARS = [name for name in FAMILY if name.endswith("scalar")]


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_is_visible_and_has_neither_decoder_nor_position(name):
    network = member(name)
    output, masks = output_of(network), masks_of(network.config)
    assert (masks["snr"].visible, masks["snr"].patches, masks["snr"].noised) == (1, 1, 0)
    assert set(output.predicted) == set(output.masks) == set(network.decoders) == {"image"}
    assert "snr" not in network.position_heads
    assert output.tokens.shape[1] == 1 + output.masks["image"].visible
    stem = network.encoder.stems["snr"]
    assert {key for key, _ in stem.named_parameters()} == {
        "kind_token",
        "embed.weight",
        "embed.bias",
    }
    assert not [*stem.named_buffers()]


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_changes_what_is_predicted(name):
    network = member(name)
    inputs, masks = inputs_of(network.config), masks_of(network.config)
    noise = noise_of(network.config, masks)
    before = network(inputs, masks, noise)
    after = network({**inputs, "snr": inputs["snr"] + 1}, masks, noise)
    assert not torch.equal(before.predicted["image"], after.predicted["image"])


@pytest.mark.parametrize("name", SCALARS)
def test_a_scalar_draws_nothing_and_may_stand_anywhere(name):
    """Before or after the image, a further token enters and the image is predicted alike."""
    network = member(name)
    grids, switches = FAMILY[name]
    behind = DenoMAE(small_config(*reversed(grids), **switches))
    behind.load_state_dict(network.state_dict())
    config, alone = network.config, small_config(IMAGE, **switches)
    masks = masks_of(config)
    for there in (masks_of(behind.config), masks_of(alone)):
        assert torch.equal(there["image"].visible_ids, masks["image"].visible_ids)
    inputs, noise = inputs_of(config), noise_of(config, masks)
    first, last = network(inputs, masks, noise), behind(inputs, masks, noise)
    torch.testing.assert_close(first.predicted["image"], last.predicted["image"])
    torch.testing.assert_close(first.tokens, last.tokens)
