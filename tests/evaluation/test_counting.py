import pytest
import torch
from torch import nn

from rfmae.evaluation.counting import multiplications, parameters_of
from rfmae.models.classifier import Classifier
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import classifier_config
from rfmae.models.vit import EncoderConfig

N, IN, OUT, T = 3, 5, 7, 16


class Attending(nn.Module):
    """Fused attention of tokens on themselves."""

    def forward(self, tokens):
        return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)


LAYERS = {
    "linear": (nn.Linear(IN, OUT), (N, IN), N * IN * OUT),
    "convolution": (nn.Conv1d(IN, OUT, 3, padding=1), (N, IN, T), N * T * IN * OUT * 3),
    "image": (nn.Conv2d(IN, OUT, 3, padding=1), (N, IN, T, T), N * T * T * IN * OUT * 9),
    "groups": (nn.Conv1d(4, 8, 3, padding=1, groups=2), (N, 4, T), N * T * 2 * 8 * 3),
    # four gates, each from the input and from the state
    "lstm": (nn.LSTM(IN, OUT, batch_first=True), (N, T, IN), N * T * 4 * (IN * OUT + OUT * OUT)),
    "attention": (Attending(), (N, 2, T, 4), N * 2 * (2 * T * T * 4)),
    "activation": (nn.GELU(), (N, IN), 0),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_multiply_as_often_as_their_formula_says(name):
    layer, shape, formula = LAYERS[name]
    assert multiplications(layer.eval(), lambda: layer(torch.zeros(shape))) == formula


@pytest.mark.parametrize("images", [1, 3])
def test_a_vision_transformer_multiplies_as_often_as_its_formula_says(images):
    width, depth, size, patch, planes, classes = 24, 3, 16, 4, 2, 10
    grid = PatchGrid("image", (planes, size, size), patch)
    config = classifier_config(EncoderConfig((grid,), width, depth, heads=2), classes, "linear")
    network = Classifier(config).eval()
    shown = {"image": torch.zeros(images, planes, size, size)}
    patches = (size // patch) ** 2
    tokens = patches + 1  # and the class token
    block = tokens * width * width * (3 + 1 + 4 + 4) + 2 * tokens * tokens * width
    embedding = patches * planes * patch * patch * width
    formula = images * (embedding + depth * block + width * classes)
    assert multiplications(network, lambda: network(shown)) == formula


def test_what_is_multiplied_outside_of_the_network_does_not_count():
    network, other = nn.Linear(4, 4), torch.ones(9, 9)

    def run():
        return network((other @ other)[:1, :4])

    with torch.inference_mode():
        assert multiplications(network, run) == 16
    assert not network._forward_pre_hooks


def test_every_call_of_a_network_counts():
    network = nn.Linear(4, 4)
    assert multiplications(network, lambda: network(network(torch.zeros(1, 4)))) == 32


def test_parameters_are_all_that_training_may_change():
    assert parameters_of(nn.Linear(4, 3)) == 15
    assert parameters_of(nn.BatchNorm1d(4)) == 8  # running statistics are no parameters
