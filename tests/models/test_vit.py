import pytest
import torch
from small_networks import IMAGE, NOISE, SIGNAL, generator, shake

from rfmae.errors import CheckpointError, ShapeError
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.transformer import initialise
from rfmae.models.vit import Encoder, EncoderConfig, encoder_config_from_card

GRIDS = {
    "one plane": PatchGrid("image", (1, 16, 16), 4),
    "wide": PatchGrid("image", (2, 8, 24), 4),
    "tall": PatchGrid("image", (3, 30, 10), 5),
    "one pixel": PatchGrid("image", (1, 4, 4), 1),
    "one patch": PatchGrid("image", (2, 8, 8), 8),
    "sequence": SIGNAL,
}


def encoder_of(*grids, positions="sine-cosine"):
    encoder = Encoder(EncoderConfig(grids, 16, 2, 2, positions))
    initialise(encoder, generator())
    shake(encoder)
    return encoder


def inputs_of(encoder, n=2, seed=1):
    draws = generator(seed)
    grids = encoder.config.modalities
    return {grid.name: torch.rand(n, *grid.shape, generator=draws) for grid in grids}


def in_order(grid, n, shuffle=None):
    """A mask that hides nothing."""
    ids = torch.arange(grid.patches) if shuffle is None else shuffle
    return PatchMask(ids.expand(n, -1), torch.zeros(n, 0, dtype=torch.long))


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_every_shape_becomes_a_class_token_and_a_token_for_each_patch(grid):
    encoder = encoder_of(grid)
    assert encoder(inputs_of(encoder)).shape == (2, 1 + grid.patches, 16)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_mask_that_hides_nothing_changes_nothing_but_the_order(grid):
    encoder = encoder_of(grid)
    inputs = inputs_of(encoder)
    whole = encoder(inputs)
    assert torch.equal(encoder(inputs, {grid.name: in_order(grid, 2)}), whole)
    shuffle = torch.randperm(grid.patches, generator=generator(4))
    shuffled = encoder(inputs, {grid.name: in_order(grid, 2, shuffle)})
    torch.testing.assert_close(shuffled[:, 1:], whole[:, 1:][:, shuffle])
    torch.testing.assert_close(shuffled[:, 0], whole[:, 0])


def test_tokens_stand_modality_after_modality_behind_the_class_token():
    encoder = encoder_of(IMAGE, SIGNAL, NOISE)
    inputs = inputs_of(encoder)
    parts = encoder.embedded(inputs)
    assert list(parts) == ["image", "signal", "noise"]
    assert [part.shape[1] for part in parts.values()] == [16, 8, 12]
    assert encoder(inputs).shape == (2, 1 + 16 + 8 + 12, 16)


@pytest.mark.parametrize("positions", ["sine-cosine", "learned"])
def test_two_patches_that_look_alike_differ_by_their_positions_alone(positions):
    encoder = encoder_of(IMAGE, positions=positions)
    tokens = encoder.embedded({"image": torch.full((1, 2, 16, 16), 0.3)})["image"][0]
    expected = encoder.stems["image"].positions
    torch.testing.assert_close(tokens - tokens[:1], expected - expected[:1])


def test_tokens_without_a_place_are_the_embedding_alone():
    encoder = encoder_of(IMAGE)
    inputs = inputs_of(encoder)
    ids = torch.randperm(16, generator=generator(4)).expand(2, -1)
    placed = PatchMask(ids[:, :8], ids[:, 8:])
    lost = PatchMask(ids[:, :8], ids[:, 8:], unplaced=3)
    with_place = encoder.embedded(inputs, {"image": placed})["image"]
    tokens = encoder.embedded(inputs, {"image": lost})["image"]
    positions = encoder.stems["image"].positions[ids[:, :8]]
    assert torch.equal(tokens[:, 3:], with_place[:, 3:])
    torch.testing.assert_close(tokens[:, :3] + positions[:, :3], with_place[:, :3])


def test_a_kind_token_distinguishes_modalities_that_look_alike():
    twin = PatchGrid("noise", SIGNAL.shape, SIGNAL.patch)
    encoder = encoder_of(SIGNAL, twin)
    encoder.stems["noise"].embed.load_state_dict(encoder.stems["signal"].embed.state_dict())
    same = torch.rand(1, *SIGNAL.shape, generator=generator(1))
    signal, noise = encoder.embedded({"signal": same, "noise": same}).values()
    difference = encoder.stems["noise"].kind_token - encoder.stems["signal"].kind_token
    torch.testing.assert_close(noise - signal, difference.expand_as(noise))


def test_a_modality_that_is_alone_needs_no_kind_token():
    assert not any("kind_token" in name for name in encoder_of(IMAGE).state_dict())


def test_the_encoder_takes_the_scale_off_its_input():
    scaled = IMAGE.scaled((0.2, -1.0), (0.5, 3.0))
    bare, scaling = encoder_of(IMAGE), encoder_of(scaled)
    scaling.load_state_dict(bare.state_dict())
    images = torch.rand(2, 2, 16, 16, generator=generator(1))
    mean = torch.tensor(scaled.mean)[:, None, None]
    deviation = torch.tensor(scaled.deviation)[:, None, None]
    torch.testing.assert_close(
        scaling({"image": images * deviation + mean}), bare({"image": images})
    )


def test_fixed_positions_and_scales_are_never_stored_and_learned_ones_are():
    fixed = encoder_of(PatchGrid("image", (2, 16, 16), 4, (0.0, 0.0), (1.0, 1.0)))
    learned = encoder_of(IMAGE, positions="learned")
    assert not any("positions" in name or "mean" in name for name in fixed.state_dict())
    assert learned.state_dict()["stems.image.positions"].shape == (16, 16)


def test_images_of_another_size_are_refused():
    with pytest.raises(ShapeError, match=r"image must be \(N, \(2, 16, 16\)\), got \(1, 2, 20"):
        encoder_of(IMAGE)({"image": torch.zeros(1, 2, 20, 20)})


def test_a_modality_that_is_missing_leaves_the_tokens_of_the_others():
    encoder = encoder_of(IMAGE, SIGNAL, NOISE)
    inputs = inputs_of(encoder)
    image = {"image": inputs["image"]}
    assert encoder(image).shape == (2, 1 + 16, 16)
    assert torch.equal(encoder.embedded(image)["image"], encoder.embedded(inputs)["image"])


@pytest.mark.parametrize("names", [(), ("image", "noise"), ("noise",)], ids=str)
def test_inputs_that_the_encoder_does_not_know_are_named(names):
    got = " and ".join(names) or "none"
    with pytest.raises(ShapeError, match=f"sees image and signal or some of them, got {got}"):
        encoder_of(IMAGE, SIGNAL)({name: torch.zeros(1, 2, 16, 16) for name in names})


def test_some_of_the_modalities_keep_the_order_of_all():
    config = EncoderConfig((IMAGE, SIGNAL, NOISE), 16, 2, 2)
    assert config.of(["noise", "image"]).modalities == (IMAGE, NOISE)
    with pytest.raises(
        ShapeError, match="was not trained on the modality 'sound', only on image, signal, noise"
    ):
        config.of(["image", "sound"])


@pytest.mark.parametrize(("grids", "got"), [((), "none"), ((IMAGE, IMAGE), "image, image")])
def test_modalities_that_are_indistinguishable_are_refused(grids, got):
    with pytest.raises(ShapeError, match=f"modalities of different names, got {got}"):
        EncoderConfig(grids, 16, 2, 2)


@pytest.mark.parametrize(
    "card", [{"width": 16}, {"modalities": [], "planes": 3}, {"modalities": [{"size": 8}]}]
)
def test_an_encoder_of_another_version_is_refused(card):
    with pytest.raises(CheckpointError, match="this version of rfmae does not read"):
        encoder_config_from_card(card)
