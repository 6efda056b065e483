import hashlib
import json
from dataclasses import asdict, replace

import pytest
import torch
from image_encoders import image_encoder_config
from safetensors.torch import load_file, save_file
from small_networks import (
    FAMILY,
    IMAGE,
    NOISE,
    SIGNAL,
    SNR,
    built,
    inputs_of,
    member,
    shake,
    small_config,
)

from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask
from rfmae.errors import CheckpointError, ShapeError
from rfmae.inference import load_denoiser
from rfmae.models.backbones import backbone_config
from rfmae.models.checkpoint import (
    BEST_NAME,
    TRAINING_NAME,
    WEIGHTS_NAME,
    load_checkpoint,
    load_encoder_weights,
    model_card,
    save_checkpoint,
)
from rfmae.models.classifier import Classifier, ClassifierConfig, initialise_classifier
from rfmae.models.encoders import build_encoder
from rfmae.models.kinds import find_network
from rfmae.models.presets import classifier_config
from rfmae.models.rings import HarmonicGrid, RingsConfig
from rfmae.models.rings_mae import RingsMAE, RingsMAEConfig, initialise_rings_mae
from rfmae.models.vit import Encoder
from rfmae.records import ImageConfig, Modality


def card(network):
    modalities = [asdict(Modality()), asdict(Modality("signal"))]
    return {**model_card(network), "image": asdict(ImageConfig(size=32)), "modalities": modalities}


@pytest.fixture
def denomae():
    return built(small_config())


@pytest.fixture
def saved(denomae, tmp_path):
    save_checkpoint(denomae.state_dict(), card(denomae), tmp_path / "c")
    return tmp_path / "c"


def assert_same_network(found, expected):
    assert found.config == expected.config
    before, after = expected.state_dict(), found.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


BACKBONES = [("cnn", IMAGE), ("resnet", SIGNAL), ("lstm", SIGNAL)]


@pytest.mark.parametrize(("kind", "grid"), BACKBONES, ids=[kind for kind, _ in BACKBONES])
def test_a_classifier_with_a_backbone_needs_no_flags_to_answer_as_before(kind, grid, tmp_path):
    scaled = grid.scaled((0.5,) * grid.planes, (2.0,) * grid.planes)
    network = Classifier(classifier_config(backbone_config(kind, (scaled,)), 4, "paper"))
    initialise_classifier(network, torch.Generator().manual_seed(0))
    save_checkpoint(network.state_dict(), card(network), tmp_path / "c")
    checkpoint = load_checkpoint(tmp_path / "c", "classifier")
    again = checkpoint.build()
    assert_same_network(again, network.eval())
    inputs = {grid.name: torch.rand(2, *grid.shape)}
    assert torch.equal(again(inputs), network(inputs))
    with pytest.raises(CheckpointError, match=f"holds a {kind}, which has no encoder to go on"):
        _ = checkpoint.pretrainable


@pytest.mark.parametrize("name", FAMILY)
def test_a_denomae_needs_no_flags_to_answer_as_before(name, tmp_path):
    network = member(name)
    save_checkpoint(network.state_dict(), card(network), tmp_path / "c")
    again = load_checkpoint(tmp_path / "c", "denomae").build()
    assert not again.training
    assert_same_network(again, network)
    inputs = inputs_of(network.config)
    assert torch.equal(again.encoder(inputs), network.encoder(inputs))


RINGS = RingsConfig((HarmonicGrid("harmonics", (False, True)), SNR), 24, 6, 8)


@pytest.fixture
def rings():
    """A pre-trained network of harmonics whose every weight is drawn."""
    network = RingsMAE(RingsMAEConfig(RINGS, decoder_depth=1))
    initialise_rings_mae(network, torch.Generator().manual_seed(0))
    shake(network)
    return network.eval()


@pytest.fixture
def saved_rings(rings, tmp_path):
    said = {"samples": {"symbols": 64}, "samples_per_symbol": 1.0, "snr_estimator": {}}
    save_checkpoint(rings.state_dict(), {**card(rings), **said}, tmp_path / "r")
    return tmp_path / "r"


def test_rings_need_no_flags_to_answer_as_before(rings, saved_rings):
    checkpoint = load_checkpoint(saved_rings, "denomae")
    again = checkpoint.build()
    assert_same_network(again, rings)
    inputs = inputs_of(rings.config)
    assert torch.equal(again.denoised(inputs), rings.denoised(inputs))
    assert checkpoint.pretrainable == RINGS


def test_a_classifier_takes_the_encoder_of_rings(rings, saved_rings):
    encoder = build_encoder(RINGS)
    load_encoder_weights(encoder, load_checkpoint(saved_rings))
    inputs = inputs_of(rings.config)
    assert torch.equal(encoder.features(inputs), rings.encoder.features(inputs))


def test_rings_leave_no_modality_out(saved_rings):
    encoder = build_encoder(replace(RINGS, modalities=RINGS.modalities[:1]))
    with pytest.raises(ShapeError, match="rings see harmonics and snr, but harmonics was named"):
        load_encoder_weights(encoder, load_checkpoint(saved_rings))


def test_rings_of_another_size_are_refused(saved_rings):
    encoder = build_encoder(find_network("rings").encoder("tiny", RINGS.modalities))
    with pytest.raises(
        CheckpointError, match=r"another encoder: width 24 instead of 128, mixtures"
    ):
        load_encoder_weights(encoder, load_checkpoint(saved_rings))


def test_rings_are_not_requested_images(saved_rings):
    """Where they were taught none; the way out is in the line."""
    with pytest.raises(
        CheckpointError, match=r"holds rings.*pretrain --method denoiser"
    ) as refused:
        load_denoiser(saved_rings, "cpu")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("hidden", [(), (8, 4)])
def test_a_classifier_needs_no_flags_to_answer_as_before(hidden, tmp_path):
    grid = replace(IMAGE, mean=(0.1, 0.2), deviation=(1.0, 3.0))
    encoder = replace(small_config().encoder, modalities=(grid, SIGNAL))
    network = Classifier(ClassifierConfig(encoder, 4, hidden))
    save_checkpoint(network.state_dict(), {**card(network), "classes": ["A", "B"]}, tmp_path / "c")
    loaded = load_checkpoint(tmp_path / "c", "classifier")
    assert_same_network(loaded.build(), network)
    assert loaded.image == ImageConfig(size=32)
    assert loaded.modalities == (Modality(), Modality("signal"))
    assert loaded.encoder == encoder
    assert loaded.classes == ("A", "B")


@pytest.mark.parametrize("mode", ["cross", "entropy", "hard"])
def test_a_card_names_its_disruption_whatever_the_default_is(mode, tmp_path):
    network = built(small_config(noising=Noising(0.5, block=1, disruption=mode)))
    save_checkpoint(network.state_dict(), card(network), tmp_path / "c")
    checkpoint = load_checkpoint(tmp_path / "c")
    assert checkpoint.card["model"]["noising"]["disruption"] == mode
    assert checkpoint.build().config.noising.disruption == mode


def test_no_file_of_a_checkpoint_executes_anything(denomae, tmp_path):
    training = {"step": 3, "state": {"exp_avg": torch.zeros(2)}}
    save_checkpoint(denomae.state_dict(), card(denomae), tmp_path / "c", training)
    loaded = torch.load(tmp_path / "c" / TRAINING_NAME, weights_only=True)
    assert loaded["step"] == 3
    assert load_file(tmp_path / "c" / WEIGHTS_NAME).keys() == denomae.state_dict().keys()
    assert {path.suffix for path in (tmp_path / "c").iterdir()} == {".json", ".safetensors", ".pt"}


def test_names_in_a_file_are_those_of_the_network_after_it_was_compiled(denomae, tmp_path):
    names = {*denomae.state_dict()}
    torch.compile(denomae, backend="eager")
    save_checkpoint(denomae.state_dict(), card(denomae), tmp_path / "c")
    assert {*load_file(tmp_path / "c" / WEIGHTS_NAME)} == names


def test_a_run_folder_stands_for_its_best_checkpoint(denomae, saved, tmp_path):
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    saved.rename(run / "checkpoints" / "0000200")
    (run / BEST_NAME).write_text(json.dumps({"checkpoint": "0000200"}), encoding="utf-8")
    assert_same_network(load_checkpoint(run).build(), denomae)


def test_a_classifier_takes_the_encoder_of_a_pre_trained_network(denomae, saved):
    classifier = Classifier(ClassifierConfig(denomae.config.encoder, 4))
    load_encoder_weights(classifier.encoder, load_checkpoint(saved))
    inputs = inputs_of(denomae.config)
    assert torch.equal(classifier.encoder(inputs), denomae.encoder(inputs))


@pytest.mark.parametrize("names", [("image",), ("signal",), ("signal", "noise")], ids=str)
@pytest.mark.parametrize("positions", ["sine-cosine", "learned"])
def test_an_encoder_of_some_modalities_answers_as_the_one_of_all_does_to_these(
    names, positions, tmp_path
):
    """Alone, a modality has no kind token: it must not be missing for that."""
    network = built(small_config(IMAGE, SIGNAL, NOISE, positions=positions))
    save_checkpoint(network.state_dict(), card(network), tmp_path / "c")
    encoder = Encoder(network.config.encoder.of(names))
    load_encoder_weights(encoder, load_checkpoint(tmp_path / "c"))
    inputs = {name: inputs_of(network.config)[name] for name in names}
    torch.testing.assert_close(encoder(inputs), network.encoder(inputs))


def test_an_encoder_of_another_size_is_refused(saved):
    other = Classifier(classifier_config(image_encoder_config("small", 32, 3), 4))
    with pytest.raises(CheckpointError, match="width 16 instead of 192, depth 2 instead of 8"):
        load_encoder_weights(other.encoder, load_checkpoint(saved))


def test_an_encoder_that_scales_otherwise_is_refused(denomae, saved):
    grid = replace(IMAGE, mean=(0.0, 0.0), deviation=(2.0, 2.0))
    other = Encoder(replace(denomae.config.encoder, modalities=(grid,)))
    with pytest.raises(CheckpointError, match=r"image deviation .* instead of"):
        load_encoder_weights(other, load_checkpoint(saved))


def test_an_encoder_of_a_modality_that_was_never_seen_is_refused(saved):
    other = Encoder(small_config(SIGNAL).encoder)
    with pytest.raises(
        (CheckpointError, ShapeError), match="was not trained on the modality 'signal'"
    ):
        load_encoder_weights(other, load_checkpoint(saved))


def changed_weights(folder, change):
    weights = load_file(folder / WEIGHTS_NAME)
    change(weights)
    save_file(weights, folder / WEIGHTS_NAME)
    forget_the_hash(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("encoder.class_token"), "lacks the weights 'encoder.class_"),
        (lambda weights: weights.update(more=torch.zeros(1)), "does not know: 'more'"),
        (
            lambda weights: weights.update({"encoder.class_token": torch.zeros(3)}),
            r"must have shape \(1, 1, 16\).*, got \(3,\)",
        ),
    ],
    ids=["missing", "left over", "another shape"],
)
def test_weights_that_are_not_what_the_card_promises_are_refused(change, message, saved):
    changed_weights(saved, change)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(saved).build()


def test_truncated_weights_are_refused(saved):
    content = (saved / WEIGHTS_NAME).read_bytes()
    (saved / WEIGHTS_NAME).write_bytes(content[:-7])
    with pytest.raises(CheckpointError, match="may be truncated"):
        load_checkpoint(saved)


def test_the_wrong_kind_of_network_is_refused_with_the_way_out(saved):
    with pytest.raises(CheckpointError, match=r"holds a denomae, but a classifier.*rfmae finetune"):
        load_checkpoint(saved, "classifier")


@pytest.mark.parametrize("key", ["encoder", "masking", "decoder_width"])
def test_a_card_of_another_version_is_refused(key, saved):
    described = json.loads((saved / "card.json").read_text(encoding="utf-8"))
    del described["model"][key]
    (saved / "card.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(CheckpointError, match="no network of this version"):
        load_checkpoint(saved).build()


def test_rings_that_saw_images_in_an_older_version_are_refused_in_one_line(tmp_path):
    """They were backbones: a card that says so describes no weights that could be read."""
    network = Classifier(classifier_config(backbone_config("cnn", (IMAGE,)), 4))
    described = card(network)
    described["model"]["encoder"]["kind"] = "rings"
    save_checkpoint(network.state_dict(), described, tmp_path / "c")
    checkpoint = load_checkpoint(tmp_path / "c")
    for read in (checkpoint.build, lambda: checkpoint.encoder, lambda: checkpoint.pretrainable):
        with pytest.raises(CheckpointError, match=r"does not read .*train it again") as refused:
            read()
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("normalised", [False, True])
def test_a_network_that_predicts_normalised_patches_is_not_requested_images(normalised, tmp_path):
    """Brightness is no part of its answer, so there is no PSNR of it."""
    network = built(small_config(pixels=PixelTask(normalised=normalised)))
    described = {**card(network), "samples": {"symbols": 64}, "samples_per_symbol": 1.0}
    save_checkpoint(network.state_dict(), described, tmp_path / "c")
    if normalised:
        with pytest.raises(CheckpointError, match="without their brightness; pre-train"):
            load_denoiser(tmp_path / "c", "cpu")
    else:
        assert load_denoiser(tmp_path / "c", "cpu")


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        load_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint folder"):
        load_checkpoint(tmp_path / "nothing")


def forget_the_hash(folder):
    """As a card from before there was one."""
    found = json.loads((folder / "card.json").read_text())
    del found["weights_sha256"]
    (folder / "card.json").write_text(json.dumps(found))


def test_damaged_weights_are_refused_by_their_hash(tmp_path):
    network = Classifier(classifier_config(backbone_config("cnn", (IMAGE,)), 4))
    initialise_classifier(network, torch.Generator().manual_seed(0))
    save_checkpoint(network.state_dict(), card(network), tmp_path / "c")
    path = tmp_path / "c" / "weights.safetensors"
    whole = path.read_bytes()
    digest = hashlib.sha256(whole).hexdigest()
    assert json.loads((tmp_path / "c" / "card.json").read_text())["weights_sha256"] == digest
    for place in (-1, -500, len(whole) // 2):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged or of another checkpoint") as refused:
            load_checkpoint(tmp_path / "c")
        assert "\n" not in str(refused.value)


def test_weights_that_are_no_numbers_are_refused_without_a_hash_too(tmp_path):
    network = Classifier(classifier_config(backbone_config("cnn", (IMAGE,)), 4))
    weights = {**network.state_dict(), "head.bias": torch.full((4,), torch.nan)}
    save_checkpoint(weights, card(network), tmp_path / "c")
    forget_the_hash(tmp_path / "c")
    with pytest.raises(CheckpointError, match=r"NaN or infinite values in 'head\.bias'"):
        load_checkpoint(tmp_path / "c")
