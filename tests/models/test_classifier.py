import pytest
import torch
from image_encoders import image_encoder_config
from small_networks import IMAGE, SIGNAL, assert_same_gradients, generator, shake

from rfmae.errors import ShapeError
from rfmae.models.backbones import backbone_config
from rfmae.models.classifier import (
    Classifier,
    ClassifierConfig,
    draw_kept,
    initialise_classifier,
)
from rfmae.models.presets import classifier_config
from rfmae.models.transformer import initialise
from rfmae.models.vit import EncoderConfig, mean_token


def built(config):
    network = Classifier(config)
    initialise(network, generator())
    return network


@pytest.fixture
def network():
    return built(classifier_config(image_encoder_config("tiny", 32, 3), 7))


@pytest.fixture
def images():
    return {"image": torch.rand(5, 3, 32, 32, generator=generator(1))}


def test_the_head_of_base_is_the_papers():
    config = classifier_config(image_encoder_config("base", 224, 3), 10)
    assert (config.encoder.width, *config.hidden, config.classes) == (768, 512, 256, 10)
    with torch.device("meta"):
        network = Classifier(config)
    head = [*network.layers.parameters(), *network.head.parameters()]
    assert sum(parameter.numel() for parameter in head) == 527_626


@pytest.mark.parametrize(
    ("head", "hidden"), [("linear", ()), ("preset", (96,)), ("paper", (512, 256))]
)
def test_a_head_is_the_one_that_was_requested(head, hidden):
    config = classifier_config(image_encoder_config("tiny", 32, 3), 10, head)
    assert config.hidden == hidden
    widths = [layer.out_features for layer in Classifier(config).layers]
    assert tuple(widths) == hidden


def test_a_head_that_is_unknown_is_refused():
    with pytest.raises(ShapeError, match="head must be preset or linear or paper, got 'mlp'"):
        classifier_config(image_encoder_config("tiny", 32, 3), 10, "mlp")


BACKBONES = [("cnn", IMAGE), ("resnet", SIGNAL), ("lstm", SIGNAL)]


@pytest.mark.parametrize(("kind", "grid"), BACKBONES, ids=[kind for kind, _ in BACKBONES])
def test_a_backbone_stands_in_the_place_of_the_encoder(kind, grid):
    config = classifier_config(backbone_config(kind, (grid,)), 4, "paper")
    network = Classifier(config)
    initialise_classifier(network, generator())
    inputs = {grid.name: torch.rand(3, *grid.shape, generator=generator(1))}
    assert network(inputs).shape == (3, 4)
    assert network.features(inputs).shape == (3, config.encoder.width)
    again = Classifier(config)
    initialise_classifier(again, generator())
    assert torch.equal(again(inputs), network(inputs))
    alone = network({grid.name: inputs[grid.name][:1]})
    torch.testing.assert_close(network(inputs)[:1], alone)  # but for the last place
    dropped = network(inputs, draw_kept(config, 3, generator(2)))
    assert not torch.equal(dropped, network(inputs))


def test_logits_have_a_column_for_each_class(network, images):
    assert network(images).shape == (5, 7)


def test_units_drop_out_only_where_it_is_said_which_stay(network, images):
    assert torch.equal(network(images), network(images))
    dropped = [network(images, draw_kept(network.config, 5, generator(seed))) for seed in (1, 1, 2)]
    assert torch.equal(dropped[0], dropped[1])
    assert not torch.equal(dropped[0], dropped[2])


def test_a_tenth_of_the_units_drops_out():
    config = ClassifierConfig(image_encoder_config("tiny", 32, 3), 7, (512, 256))
    kept = draw_kept(config, 100, generator())
    assert [units.shape for units in kept] == [(100, 512), (100, 256)]
    # 25,600 draws at least, five deviations
    deviation = (0.9 * 0.1 / 25_600) ** 0.5
    assert all(abs(units.float().mean() - 0.9) < 5 * deviation for units in kept)


@pytest.mark.slow
def test_what_stays_is_scaled_so_that_the_mean_stays(network, images):
    """Over many draws the input of the last layer is what it is without dropout."""
    given = []
    network.head.register_forward_pre_hook(lambda _, features: given.append(features[0]))
    with torch.no_grad():
        network(images)
        for seed in range(400):
            network(images, draw_kept(network.config, 5, generator(seed)))
    mean = torch.stack(given[1:]).mean(dim=0)
    # the deviation of a mean over 400 draws is |x|·√(0.1/0.9/400)
    tolerance = 5 * given[0].abs() * (0.1 / 0.9 / 400) ** 0.5
    assert ((mean - given[0]).abs() <= tolerance + 1e-6).all()


def test_the_class_token_is_no_part_of_the_mean():
    tokens = torch.rand(2, 5, 3, generator=generator())
    other = tokens.clone()
    other[:, 0] = 9
    assert torch.equal(mean_token(tokens), mean_token(other))
    torch.testing.assert_close(mean_token(tokens), tokens[:, 1:].mean(dim=1))


def test_examples_of_a_batch_never_meet(network, images):
    other = {"image": torch.cat([images["image"][:1], 1 - images["image"][1:]])}
    assert torch.equal(network(images)[0], network(other)[0])


def test_every_parameter_of_several_modalities_gets_a_gradient():
    network = built(ClassifierConfig(EncoderConfig((IMAGE, SIGNAL), 16, 2, 2), 4, (8,)))
    shake(network)
    draws = generator(1)
    inputs = {grid.name: torch.rand(3, *grid.shape, generator=draws) for grid in (IMAGE, SIGNAL)}
    network(inputs).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def stepped(network, images, frozen):
    """Encoder and head before and after one step of learning."""
    network.encoder.requires_grad_(not frozen)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=1e-3, weight_decay=0.05)
    torch.nn.functional.cross_entropy(network(images), torch.arange(5)).backward()
    optimiser.step()
    return {
        name: not torch.equal(value, before[name]) for name, value in network.state_dict().items()
    }


@pytest.mark.parametrize("frozen", [True, False], ids=["probe", "fine-tuning"])
def test_fine_tuning_changes_the_encoder_and_a_probe_does_not(frozen, network, images):
    """The published fine-tuning leaves the encoder as it was."""
    shake(network)
    changed = stepped(network, images, frozen)
    encoder = {name: value for name, value in changed.items() if name.startswith("encoder.")}
    assert not any(encoder.values()) if frozen else all(encoder.values())
    assert all(value for name, value in changed.items() if name not in encoder)


def test_a_linear_head_has_nothing_to_drop():
    config = ClassifierConfig(EncoderConfig((IMAGE,), 16, 2, 2), 4)
    assert draw_kept(config, 3, generator()) == []
    images = {"image": torch.rand(3, *IMAGE.shape)}
    assert built(config)(images).shape == (3, 4)


@pytest.mark.slow
def test_a_compiled_classifier_says_the_same(network, images):
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    kept = draw_kept(network.config, 5, generator())
    gradients = []
    for variant in (network, compiled):
        network.zero_grad()
        variant(images, kept).square().sum().backward()
        gradients.append({name: p.grad.clone() for name, p in network.named_parameters()})
    assert_same_gradients(gradients[1], gradients[0], 1e-5)
