import torch

from rfmae.models.classifier import Classifier
from rfmae.models.presets import classifier_config, encoder_config
from rfmae.models.transformer import initialise


def build():
    network = Classifier(classifier_config(encoder_config("tiny", 32, 3), 7))
    initialise(network, torch.Generator().manual_seed(0))
    return network


def test_logits_have_a_column_for_each_class():
    assert build()(torch.rand(5, 3, 32, 32)).shape == (5, 7)


def test_units_drop_out_only_where_a_generator_is_given():
    network, images = build(), torch.rand(2, 3, 32, 32)
    assert torch.equal(network(images), network(images))
    dropped = [network(images, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(dropped[0], dropped[1])
    assert not torch.equal(dropped[0], dropped[2])
