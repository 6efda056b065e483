import json
from dataclasses import asdict, replace

import pytest
import torch
from small_networks import generator, shake

from rfmae.errors import ShapeError
from rfmae.models.backbones import (
    BackboneConfig,
    ResidualUnit,
    amplitude_phase,
    backbone_config,
    backbone_config_from_card,
    build_backbone,
    initialise_backbone,
)
from rfmae.models.patches import PatchGrid

IMAGE = PatchGrid("image", (3, 32, 32), 8)
SIGNAL = PatchGrid("signal", (2, 256), 16)
SNR = PatchGrid("snr", (1, 1), 1)
OF_IMAGES = ("cnn",)

BACKBONES = {
    "cnn": BackboneConfig("cnn", (IMAGE,), 24),
    "cnn of a tall stack of planes": BackboneConfig(
        "cnn", (PatchGrid("image", (5, 48, 24), 8),), 24
    ),
    "cnn and an SNR": BackboneConfig("cnn", (IMAGE, SNR), 24),
    "resnet": BackboneConfig("resnet", (SIGNAL,), 24),
    "resnet of few samples": BackboneConfig("resnet", (PatchGrid("signal", (2, 7), 7),), 24),
    "lstm": BackboneConfig("lstm", (SIGNAL,), 24, samples_per_step=8),
    "lstm, sample by sample": BackboneConfig("lstm", (PatchGrid("signal", (2, 33), 3),), 24),
}


@pytest.fixture(params=BACKBONES.values(), ids=BACKBONES.keys())
def config(request):
    return request.param


def built(config, seed=0):
    backbone = build_backbone(config)
    initialise_backbone(backbone, generator(seed))
    return backbone


def inputs_of(config, n=4, seed=1):
    draws = generator(seed)
    return {grid.name: torch.randn(n, *grid.shape, generator=draws) for grid in config.modalities}


def with_scale(grid):
    """The grid with a mean for each of its planes, and a deviation of two."""
    return grid.scaled(tuple(0.1 * (c + 1) for c in range(grid.planes)), (2.0,) * grid.planes)


def test_features_have_the_width_that_was_requested(config):
    features = built(config)(inputs_of(config))
    assert features.shape == (4, 24)
    assert features.isfinite().all()


def test_examples_of_a_batch_never_meet(config):
    backbone, inputs = built(config), inputs_of(config)
    other = {name: torch.cat([values[:1], -values[1:]]) for name, values in inputs.items()}
    # oneDNN may sum in another order from batch to batch, but no example may reach another
    torch.testing.assert_close(backbone(other)[0], backbone(inputs)[0], rtol=1e-5, atol=1e-6)
    assert not torch.allclose(backbone(other)[1], backbone(inputs)[1])


def test_training_and_answering_are_one_function(config):
    backbone, inputs = built(config), inputs_of(config)
    assert torch.equal(backbone.train()(inputs), backbone.eval()(inputs))


def test_a_seed_decides_every_weight(config):
    torch.rand(3)  # whatever the global generator stands at
    first, again, other = (built(config, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    drawn = [name for name in first if first[name].std() > 0]
    assert all(not torch.equal(first[name], other[name]) for name in drawn if "bias" not in name)
    assert len(drawn) >= 3


def test_no_weight_is_left_as_torch_drew_it(config):
    backbone = build_backbone(config)
    with torch.no_grad():
        for parameter in backbone.parameters():
            parameter.fill_(7.0)
    initialise_backbone(backbone, generator())
    normalising = (torch.nn.GroupNorm, torch.nn.LayerNorm)
    norms = [m.weight for m in backbone.modules() if isinstance(m, normalising)]
    left = [n for n, p in backbone.named_parameters() if (p == 7).any()]
    assert len(left) == len(norms)  # a norm's weight is one and is never drawn


def test_every_parameter_gets_a_gradient(config):
    backbone = built(config)
    shake(backbone)
    backbone(inputs_of(config)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in backbone.parameters())


def test_what_the_grid_says_is_taken_off_the_input(config):
    scaled = replace(config, modalities=tuple(map(with_scale, config.modalities)))
    inputs = inputs_of(config)
    off = {}
    for grid in scaled.modalities:
        mean = torch.tensor(grid.mean).view(-1, *[1] * (len(grid.shape) - 1))
        off[grid.name] = (inputs[grid.name] - mean) / 2
    torch.testing.assert_close(built(scaled)(inputs), built(config)(off))
    assert built(scaled).state_dict().keys() == built(config).state_dict().keys()


def test_a_card_brings_the_configuration_back(config):
    scaled = replace(config, modalities=tuple(map(with_scale, config.modalities)))
    for some in (config, scaled):
        assert backbone_config_from_card(json.loads(json.dumps(asdict(some)))) == some


def test_amplitude_and_phase_make_the_signal_again():
    iq = torch.randn(3, 2, 50, generator=generator())
    amplitude, phase = amplitude_phase(iq).unbind(1)
    assert phase.abs().max() <= 1
    found = torch.polar(amplitude, torch.pi * phase)
    torch.testing.assert_close(torch.stack([found.real, found.imag], 1), iq)


def test_a_turned_carrier_changes_the_phase_alone():
    iq = torch.randn(3, 2, 50, generator=generator())
    turned = torch.stack([-iq[:, 1], iq[:, 0]], dim=1)
    (amplitude, phase), (same, moved) = (amplitude_phase(s).unbind(1) for s in (iq, turned))
    torch.testing.assert_close(same, amplitude)
    torch.testing.assert_close((moved - phase) % 2, torch.full_like(phase, 0.5))


def test_a_residual_unit_begins_as_its_shortcut():
    backbone, sequence = built(BACKBONES["resnet"]), torch.randn(2, 32, 20, generator=generator())
    units = [module for module in backbone.modules() if isinstance(module, ResidualUnit)]
    assert len(units) == 10
    assert all(torch.equal(unit(sequence), sequence) for unit in units)


def test_forget_gates_begin_open():
    lstm = built(BACKBONES["lstm"]).layers.lstm
    total = lstm.bias_ih_l0 + lstm.bias_hh_l0
    assert torch.equal(total[24:48], torch.ones(24))
    assert total.sum() == 24


@pytest.mark.parametrize(
    ("samples", "per_step"), [(64, 1), (128, 1), (256, 2), (1024, 8), (1023, 3), (8192, 64)]
)
def test_a_long_sequence_takes_128_steps_or_a_few_more(samples, per_step):
    config = backbone_config("lstm", (PatchGrid("signal", (2, samples), 1),))
    assert config.samples_per_step == per_step
    assert samples / per_step >= 128 or per_step == 1


@pytest.mark.parametrize("kind", ["cnn", "resnet", "lstm"])
def test_the_convenient_configuration_is_a_backbone_of_its_kind(kind):
    grid = IMAGE if kind in OF_IMAGES else SIGNAL
    config = backbone_config(kind, (grid,))
    assert (config.kind, config.width) == (kind, 128)
    assert built(config)(inputs_of(config, 2)).shape == (2, 128)


def test_what_a_backbone_cannot_see_is_refused():
    with pytest.raises(ShapeError, match=r"an image \(C, H, W\) alone, got signal"):
        BackboneConfig("cnn", (SIGNAL,))
    with pytest.raises(ShapeError, match=r"a sequence \(2, T\) alone, got image"):
        BackboneConfig("lstm", (IMAGE,))
    with pytest.raises(ShapeError, match=r"got image .* and signal"):
        BackboneConfig("cnn", (IMAGE, SIGNAL))
    with pytest.raises(ShapeError, match="got nothing"):
        BackboneConfig("cnn", ())
    with pytest.raises(ShapeError, match="kind of a backbone must be cnn or resnet or lstm"):
        BackboneConfig("gru", (SIGNAL,))
    with pytest.raises(ShapeError, match="must divide the 256 samples of signal, got 100"):
        BackboneConfig("lstm", (SIGNAL,), samples_per_step=100)


def test_inputs_of_another_name_or_shape_are_refused():
    backbone = built(BACKBONES["cnn"])
    with pytest.raises(ShapeError, match="the network sees image, got signal"):
        backbone({"signal": torch.zeros(1, 2, 256)})
    with pytest.raises(ShapeError, match="image must be"):
        backbone({"image": torch.zeros(1, 3, 16, 16)})


def examples(kind, n, draws):
    """Two classes that are easy to distinguish: one ring or two, in noise; I/Q or its image."""
    label = torch.arange(n) % 2
    radius = 1 + 0.5 * label[:, None] * torch.sign(torch.randn(n, 64, generator=draws))
    iq = torch.polar(radius, 2 * torch.pi * torch.rand(n, 64, generator=draws))
    sequence = torch.stack([iq.real, iq.imag], dim=1)
    sequence = sequence + 0.1 * torch.randn(n, 2, 64, generator=draws)
    if kind not in OF_IMAGES:
        return {"signal": sequence}, label
    cells = ((sequence + 2) * 4).long().clamp(0, 15)
    image = torch.zeros(n, 256).scatter_add_(1, cells[:, 1] * 16 + cells[:, 0], torch.ones(n, 64))
    return {"image": image.view(n, 1, 16, 16) / 8}, label


@pytest.mark.parametrize("kind", ["cnn", "resnet", "lstm"])
def test_a_backbone_learns_to_distinguish_one_ring_from_two(kind):
    of_images = kind in OF_IMAGES
    grid = PatchGrid("image", (1, 16, 16), 4) if of_images else PatchGrid("signal", (2, 64), 1)
    backbone = built(BackboneConfig(kind, (grid,), 16))
    network = torch.nn.Sequential(backbone, torch.nn.Linear(16, 2))
    with torch.no_grad():
        network[1].weight.copy_(torch.randn(2, 16, generator=generator(5)) / 4)
        network[1].bias.zero_()
    optimiser, draws = torch.optim.AdamW(network.parameters(), lr=3e-3), generator(3)
    for _ in range(60):
        inputs, label = examples(kind, 32, draws)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), label).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
    inputs, label = examples(kind, 200, draws)
    with torch.no_grad():
        hits = (network(inputs).argmax(dim=1) == label).float().mean()
    assert hits > 0.9  # chance is 0.5 with a deviation of 0.035


# a scalar beside an image -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", OF_IMAGES)
def test_a_scalar_changes_nothing_before_training_and_then_it_does(kind):
    alone, beside = (
        build_backbone(BackboneConfig(kind, grids, 24)) for grids in ((IMAGE,), (IMAGE, SNR))
    )
    initialise_backbone(beside, generator())
    weights = beside.state_dict()
    alone.load_state_dict({key: weights[key] for key in alone.state_dict()})
    inputs = inputs_of(beside.config)
    torch.testing.assert_close(beside(inputs), alone({"image": inputs["image"]}))
    more = {key for key in weights if key not in alone.state_dict()}
    assert {key.split(".")[1] for key in more} == {"conditioning"}
    shake(beside)
    louder = {**inputs, "snr": inputs["snr"] + 1}
    assert not torch.allclose(beside(inputs), beside(louder))


@pytest.mark.parametrize(
    ("kind", "grids"),
    [("resnet", (SIGNAL, SNR)), ("lstm", (SIGNAL, SNR)), ("cnn", (SNR,)), ("cnn", (SIGNAL, SNR))],
)
def test_a_scalar_where_none_is_taken_is_refused(kind, grids):
    with pytest.raises(ShapeError, match=f"a {kind} sees .* alone, got .*snr"):
        BackboneConfig(kind, grids)


def test_a_scalar_that_is_missing_is_refused():
    backbone = built(BACKBONES["cnn and an SNR"])
    with pytest.raises(ShapeError, match="sees image and snr, got image"):
        backbone({"image": inputs_of(backbone.config)["image"]})
