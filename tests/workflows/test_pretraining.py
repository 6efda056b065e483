"""Pre-training from settings to a checkpoint: which network is taken, and what holds of rings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.artefacts import read_card
from rfmae.configuration.methods import METHODS, find_method, with_switches
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset
from rfmae.errors import CheckpointError, DatasetError, RecipeError, RfmaeError, ShapeError
from rfmae.inference import load_classifier, load_encoder
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.kinds import find_network
from rfmae.models.presets import PRESETS
from rfmae.records import Modality, Plane
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.seeing import pretrained_on
from rfmae.workflows.learning.training import network_for, pretrain

EXACT = {"precision": "float32"}
BRIEF = Pretraining(preset="tiny", epochs=3, batch_size=8, seed=4, network="rings", **EXACT)


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in a fixed order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    """Two modulations that are easy to tell, twelve training examples each at two SNR points."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"))
    recipe = replace(tiny_recipe, source=source, splits=Splits(train=12, validation=4, test=4))
    return recipe.with_snr("10:20:10")


def of_known_phase(recipe):
    channel = replace(recipe.source.channel, phase_offset_turns="none")
    return replace(recipe, source=replace(recipe.source, channel=channel))


def showing(recipe, *planes):
    return replace(recipe, image=replace(recipe.image, planes=planes))


@pytest.fixture(scope="module")
def dataset(recipe, tmp_path_factory):
    return write_dataset(recipe, tmp_path_factory.mktemp("data") / "unknown")


@pytest.fixture(scope="module")
def known(recipe, tmp_path_factory):
    return write_dataset(of_known_phase(recipe), tmp_path_factory.mktemp("data") / "known")


@pytest.fixture(scope="module")
def pretrained(dataset, tmp_path_factory):
    return pretrain(dataset, BRIEF, tmp_path_factory.mktemp("runs") / "rings", device="cpu")


# which network ----------------------------------------------------------------------------------

TAKEN = {
    "an image": ({}, {}, "rings"),
    "harmonics": ({"modalities": (Modality("harmonics"),)}, {}, "rings"),
    "an image and an SNR": ({"modalities": (Modality(), Modality("snr"))}, {}, "rings"),
    "an image and a signal": ({"modalities": (Modality(), Modality("signal"))}, {}, "vit"),
    "an image of the two": (
        {"modalities": (Modality(), Modality("signal"))},
        {"modalities": ("image",)},
        "rings",
    ),
    "a signal that is named": ({}, {"modalities": ("signal",)}, "vit"),
    "a patch": ({}, {"patch": 8}, "vit"),
    "what was named": ({}, {"network": "vit"}, "vit"),
}


@pytest.mark.parametrize(("changes", "settings", "network"), TAKEN.values(), ids=TAKEN)
def test_rings_are_taken_for_images_of_unknown_phase(recipe, changes, settings, network):
    found = replace(recipe, **changes)
    assert network_for(found, Pretraining(**settings)) == network
    if "network" not in settings:
        assert network_for(of_known_phase(found), Pretraining(**settings)) == "vit"


def test_rings_stand_back_where_no_plane_turns(recipe):
    still, turning = Plane("differential", "density", lag_symbols=1.0), Plane("symbols", "density")
    assert network_for(showing(recipe, still), Pretraining()) == "vit"
    assert network_for(showing(recipe, still, turning), Pretraining()) == "rings"


def test_rings_take_the_snr_along_where_it_is_listed(recipe):
    listed = replace(recipe, modalities=(Modality(), Modality("snr")))
    assert {m.name for m in pretrained_on(listed, None, "rings")} == {"harmonics", "snr"}
    assert [m.name for m in pretrained_on(recipe, None, "rings")] == ["harmonics"]


@pytest.mark.parametrize("network", ["vit", "rings"])
def test_rate_and_batch_are_the_networks_own_where_none_is_named(network, dataset, tmp_path):
    pretrain(
        dataset,
        Pretraining(preset="tiny", epochs=1, network=network),
        tmp_path / "run",
        device="cpu",
    )
    plan = read_card(tmp_path / "run")["config"]["plan"]
    kind = find_network(network)
    assert plan["learning_rate"] == (kind.pretraining_rate or PRESETS["tiny"].learning_rate)
    assert plan["batch_size"] == min(kind.pretraining_batch, dataset.examples("train"))


# what holds of rings ----------------------------------------------------------------------------


def test_no_carrier_phase_changes_what_pre_trained_rings_say(dataset, pretrained, tmp_path):
    settings = Finetuning(preset="tiny", epochs=2, batch_size=8, seed=4, **EXACT)
    finetune(dataset, settings, tmp_path / "run", pretrained=pretrained, device="cpu")
    iq = dataset.read_observed("test").iq
    turns = np.random.default_rng(0).random((len(iq), 1))
    turned = (iq * np.exp(2j * np.pi * turns)).astype(np.complex64)
    encoder, classifier = load_encoder(pretrained, "cpu"), load_classifier(tmp_path / "run", "cpu")
    np.testing.assert_allclose(encoder(turned), encoder(iq), atol=1e-4)
    np.testing.assert_allclose(classifier(turned), classifier(iq), atol=1e-4)


@pytest.mark.parametrize("endless", [False, True])
def test_rings_learn_to_make_clean_of_noisy(dataset, tmp_path, endless):
    settings = replace(BRIEF, epochs=8, endless=endless)
    pretrain(dataset, settings, tmp_path / "run", device="cpu")
    losses = [line["loss"] for line in RunFolder(tmp_path / "run").metrics() if "loss" in line]
    assert losses[-1] < 0.9 * losses[0]


class Seen:
    """Keeps the titles of what it is shown."""

    def __init__(self):
        self.titles = []

    def metrics(self, step, metrics):
        return None

    def images(self, step, images):
        self.titles += images

    def close(self):
        return None


@pytest.mark.parametrize("network", ["vit", "rings"])
def test_images_are_shown_of_patches_alone(dataset, tmp_path, network):
    logger = Seen()
    settings = replace(BRIEF, epochs=1, network=network)
    pretrain(dataset, settings, tmp_path / "run", device="cpu", logger=logger)
    assert bool(logger.titles) == (network == "vit")


# methods and switches -----------------------------------------------------------------------------

OF_PATCHES = ("feature-noise", "symmetric-feature-noise")


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_learnt_by_rings_or_refused_with_the_way_out(dataset, tmp_path, name):
    settings = replace(BRIEF, epochs=1, method=find_method(name, "rings"))
    if name in OF_PATCHES:
        with pytest.raises(RecipeError, match=r"network rings has .* take network vit"):
            pretrain(dataset, settings, tmp_path / "run", device="cpu")
        assert not (tmp_path / "run").exists()
        return
    best = load_checkpoint(pretrain(dataset, settings, tmp_path / "run", device="cpu"))
    assert all(torch.isfinite(weights).all() for weights in best.weights.values())
    network = best.build()
    hides = name == "curriculum"  # all others see every ring
    assert bool(network.config.masking.ratio) == hides
    assert bool(network.config.encoder.harmonics.mean) == (name != "legacy")
    assert hasattr(network, "position_head") == bool(METHODS[name].position.weight)


def test_a_rising_share_of_hidden_rings_is_logged(dataset, tmp_path):
    switches = {"masking.ratio": 0.5, "masking.start_ratio": 0.1}
    method = with_switches(find_method("denomae2", "rings"), switches)
    pretrain(dataset, replace(BRIEF, method=method), tmp_path / "run", device="cpu")
    lines = RunFolder(tmp_path / "run").metrics()
    shares = [line["mask_ratio"] for line in lines if "mask_ratio" in line]
    assert shares[0] < shares[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("network", ["vit", "rings"])
@pytest.mark.parametrize("depth", [None, 0, 3])
def test_a_decoder_is_as_deep_as_was_requested_or_as_the_preset_has_it(
    dataset, tmp_path, network, depth
):
    method = with_switches(find_method("denomae2", network), {"decoder_depth": depth})
    settings = replace(BRIEF, epochs=1, network=network, method=method)
    best = pretrain(dataset, settings, tmp_path / "run", device="cpu")
    preset = PRESETS["tiny"]
    own = preset.rings.decoder_depth if network == "rings" else preset.decoder_depth
    assert _depth(load_checkpoint(best).build()) == (own if depth is None else depth)


def test_a_decoder_without_a_number_of_blocks_is_refused():
    for network in ("vit", "rings"):
        with pytest.raises(ShapeError, match="decoder depth must be from 0 to 64, got -1"):
            with_switches(find_method("denomae2", network), {"decoder_depth": -1})


def _depth(network):
    decoder = network.decoder if hasattr(network, "decoder") else network.decoders["image"]
    return len(decoder.blocks)


# images of another kind ---------------------------------------------------------------------------


def test_the_same_signals_teach_the_same_whatever_images_their_data_set_lists(
    recipe, dataset, pretrained, tmp_path
):
    """A trained network brings its images along: they are drawn of the I/Q."""
    other = write_dataset(showing(recipe, Plane("symbols", "counts")), tmp_path / "other")
    settings = Finetuning(preset="tiny", epochs=1, batch_size=8, seed=4, **EXACT)
    own, theirs = (
        load_checkpoint(
            finetune(source, settings, tmp_path / name, pretrained=pretrained, device="cpu")
        )
        for name, source in (("own", dataset), ("theirs", other))
    )
    assert theirs.image == own.image == dataset.image != other.image
    assert all(torch.equal(own.weights[name], theirs.weights[name]) for name in own.weights)


def test_images_of_symbols_are_refused_where_there_are_waveforms_alone(
    recipe, pretrained, tmp_path
):
    receiver = replace(recipe.source.receiver, observe="waveform")
    source = replace(recipe.source, receiver=receiver)
    image = replace(recipe.image, planes=(Plane("trajectory", "density"),))
    waves = replace(recipe, source=source, image=image)
    heard = write_dataset(waves, tmp_path / "waves")
    with pytest.raises(DatasetError, match=r"holds the waveform .* of the symbols .* planes of"):
        finetune(
            heard, Finetuning(preset="tiny"), tmp_path / "no", pretrained=pretrained, device="cpu"
        )
    assert not (tmp_path / "no").exists()


# what is refused ----------------------------------------------------------------------------------

REFUSED = {
    "a network of labels": ("dataset", {"network": "cnn"}, CheckpointError, "from labels alone"),
    "a known phase": ("known", {}, RfmaeError, "nothing here turns .*network vit"),
    "patches": ("dataset", {"patch": 8}, RfmaeError, "no patches, got patch 8.*network vit"),
    "a signal": ("dataset", {"modalities": ("signal",)}, RfmaeError, "got signal.*network vit"),
    "an SNR alone": ("dataset", {"modalities": ("snr",)}, RfmaeError, "got snr.*network vit"),
}


@pytest.mark.parametrize(("data", "changes", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_rings_cannot_do_leaves_no_folder(request, tmp_path, data, changes, kind, message):
    source = request.getfixturevalue(data)
    with pytest.raises(kind, match=message) as refused:
        pretrain(source, replace(BRIEF, **changes), tmp_path / "run", device="cpu")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_rings_of_a_known_phase_are_no_beginning_for_an_unknown_one(known, dataset, tmp_path):
    """From scratch they read every plane as it stands, and would be lost under a turn."""
    settings = Finetuning(preset="tiny", epochs=1, batch_size=8, network="rings", **EXACT)
    finetune(known, settings, tmp_path / "known", device="cpu")
    with pytest.raises(CheckpointError, match=r"known carrier phase.*unknown; train on this"):
        finetune(dataset, settings, tmp_path / "no", pretrained=tmp_path / "known", device="cpu")
    assert not (tmp_path / "no").exists()


def test_rings_of_an_unknown_phase_may_go_on_where_it_is_known(known, pretrained, tmp_path):
    settings = Finetuning(preset="tiny", epochs=1, batch_size=8, **EXACT)
    best = finetune(known, settings, tmp_path / "run", pretrained=pretrained, device="cpu")
    assert load_checkpoint(best).encoder.harmonics.known_phase == (False,)
