"""Fine-tuning from end to end: every way to learn, resumed to the bit, refused in one line."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from rfmae.artefacts import read_card, write_json
from rfmae.configuration.augmentation import Augmentation
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.store import write_dataset
from rfmae.errors import CheckpointError, RecipeError, RfmaeError, ShapeError, TrainingError
from rfmae.inference import load_classifier
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.kinds import NETWORKS
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, Modality
from rfmae.training import engine
from rfmae.training.finetune import FinetuneTask, keep_temperature, probabilities
from rfmae.training.loaders import InputSplit
from rfmae.training.run_folder import RunFolder
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.learning.finetuning import finetune, label_budget
from rfmae.workflows.learning.training import pretrain

CPU = torch.device("cpu")
EXACT = {"precision": "float32"}
PLAIN = Finetuning(preset="tiny", epochs=2, batch_size=8, seed=4, **EXACT, validations=2)
HARD = Augmentation(phase_turns=0.5, carrier_offset_turns_per_symbol=1e-3, noise_db=3.0)

WAYS = {
    "plain": {},
    "endless": {"endless": True},
    "few labels": {"labels_per_class": 4, "epochs": 4},
    "balanced": {"balanced": True},
    "changed": {"augmentation": HARD},
    "endless and changed": {"endless": True, "augmentation": HARD},
    "drop path": {"drop_path": 0.3, "layer_decay": 0.7},
    "frozen": {"frozen": True, "head": "linear"},
    "paper head": {"head": "paper"},
    "impatient": {"patience": 1, "validations": 6},
    "cnn": {"network": "cnn"},
    "rings": {"network": "rings"},
    "resnet": {"network": "resnet"},
    "lstm": {"network": "lstm", "head": "linear"},
}


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in a fixed order, so that two runs can be compared bit for bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    """Two modulations that are easy to tell, twelve training examples each at two SNR points."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"))
    recipe = replace(tiny_recipe, source=source, splits=Splits(train=12, validation=4, test=4))
    return write_dataset(recipe.with_snr("10:20:10"), tmp_path_factory.mktemp("data") / "two")


def run(dataset, folder, way="plain", **options):
    return finetune(dataset, replace(PLAIN, **WAYS[way]), folder, device="cpu", **options)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_learns_at_its_own_rate_where_none_is_named(network, dataset, tmp_path):
    settings = replace(PLAIN, network=network, epochs=1, validations=1)
    for rate, used in {None: NETWORKS[network].learning_rate, 3e-4: 3e-4}.items():
        folder = tmp_path / str(rate)
        finetune(dataset, replace(settings, learning_rate=rate), folder, device="cpu")
        assert read_card(folder)["config"]["plan"]["learning_rate"] == used


def died_before(step, monkeypatch, work):
    real = engine._Training._step

    def dying(training, now, *rest):
        if now == step:
            raise KeyboardInterrupt
        return real(training, now, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(engine._Training, "_step", dying)
        with pytest.raises(KeyboardInterrupt):
            work()


def weights(folder):
    return RunFolder(folder).load_last().weights


# the others are nearly these: combinations of two, other heads, and networks of the same layers
OF_THEIR_OWN = ("plain", "endless", "changed", "drop path", "frozen", "impatient", "cnn", "rings")


@pytest.mark.parametrize(
    "way",
    [way if way in OF_THEIR_OWN else pytest.param(way, marks=pytest.mark.slow) for way in WAYS],
)
def test_every_way_answers_and_goes_on_as_if_it_had_not_been_stopped(
    dataset, tmp_path, monkeypatch, way
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    best = run(dataset, whole, way)
    steps = RunFolder(whole).last_step
    died_before(steps - 1, monkeypatch, lambda: run(dataset, cut, way))
    again = run(dataset, cut, way, resume=True)
    assert best.name == again.name
    torch.testing.assert_close(weights(whole), weights(cut), rtol=0, atol=0)
    assert read_card(best)["temperature"] == read_card(again)["temperature"] > 0
    answer = load_classifier(whole, "cpu")(dataset.read_observed("test").iq)
    assert answer.shape == (16, 2)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)


def test_every_way_is_another_run(dataset, tmp_path):
    """What changes the numbers is part of what a run is: going on under it is refused."""
    run(dataset, tmp_path / "run")
    for way in WAYS:
        if way != "plain":
            with pytest.raises(TrainingError, match="cannot resume"):
                run(dataset, tmp_path / "run", way, resume=True)


def test_what_is_off_leaves_no_word_in_the_card_of_a_run(dataset, tmp_path):
    run(dataset, tmp_path / "run")
    config = read_card(tmp_path / "run")["config"]
    assert all(config[name] is None for name in ("drop_path", "balanced", "augmentation"))
    assert config["endless"] is False


def test_an_endless_run_is_marked_and_takes_as_many_steps(dataset, tmp_path):
    for name, way in (("files", "plain"), ("stream", "endless")):
        run(dataset, tmp_path / name, way)
    files, stream = (read_card(tmp_path / name)["config"] for name in ("files", "stream"))
    assert stream["endless"] is True
    assert files["plan"]["steps"] == stream["plan"]["steps"] == 2 * (48 // 8)
    assert load_checkpoint(tmp_path / "files").card["labels"] == 48
    assert load_checkpoint(tmp_path / "stream").card["labels"] is None


@pytest.mark.slow
def test_learning_from_the_stream_separates_easy_modulations(dataset, tmp_path):
    settings = replace(PLAIN, endless=True, epochs=12)
    card = load_checkpoint(finetune(dataset, settings, tmp_path / "run", device="cpu")).card
    assert card["score"]["accuracy"] > 0.9  # BPSK and QPSK from 10 dB on


def test_other_branches_fall_out_at_every_step(dataset, tmp_path, monkeypatch):
    real, sampled = FinetuneTask.batch, {}

    def watched(task, step, microbatch):
        batch = real(task, step, microbatch)
        sampled[step] = batch.paths
        return batch

    monkeypatch.setattr(FinetuneTask, "batch", watched)
    run(dataset, tmp_path / "run", "drop path")
    assert {paths.shape for paths in sampled.values()} == {(4, 2, 8)}  # of the tiny preset
    assert len({str(paths.tolist()) for paths in sampled.values()}) == len(sampled) == 12


# temperature ----------------------------------------------------------------------------------


def test_the_temperature_is_that_of_least_surprise_on_validation(dataset, tmp_path):
    best = run(dataset, tmp_path / "run")
    split = InputSplit(dataset, "validation", IMAGE_ALONE, CPU, Silent())
    logits = np.log(probabilities(best, split, CPU).astype(float))
    rows, label = np.arange(len(split)), split.label.numpy()

    def surprise(temperature):
        scaled = logits / temperature
        return -(scaled[rows, label] - np.logaddexp.reduce(scaled, axis=1)).mean()

    expected = minimize_scalar(surprise, bounds=(0.05, 20), method="bounded").x
    message = read_card(best)["temperature"]
    assert surprise(message) <= surprise(expected) + 1e-6
    assert surprise(message) < surprise(1.0)


def test_a_temperature_that_is_known_is_left_and_nothing_half_written(dataset, tmp_path):
    best = run(dataset, tmp_path / "run")
    write_json(best / "card.json", {**read_card(best), "temperature": 3.0})
    keep_temperature(best, lambda: pytest.fail("validation was read"), CPU)
    assert read_card(best)["temperature"] == 3.0
    assert run(dataset, tmp_path / "run", resume=True) == best
    assert read_card(best)["temperature"] == 3.0
    assert not list(best.glob("*.partial"))


def test_a_run_that_died_before_its_temperature_has_it_when_resumed(dataset, tmp_path):
    best = run(dataset, tmp_path / "run")
    card = read_card(best)
    write_json(best / "card.json", {k: v for k, v in card.items() if k != "temperature"})
    run(dataset, tmp_path / "run", resume=True)
    assert read_card(best) == card


# what is seen, and where learning starts --------------------------------------------------------


@pytest.fixture(scope="module")
def both(tiny_recipe, tmp_path_factory):
    """The same modulations seen as image and signal."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"))
    recipe = replace(
        tiny_recipe,
        source=source,
        modalities=(Modality(), Modality("signal")),
        splits=Splits(train=12, validation=4, test=4),
    )
    return write_dataset(recipe.with_snr("10:20:10"), tmp_path_factory.mktemp("data") / "both")


@pytest.fixture(scope="module")
def encoders(dataset, both, tmp_path_factory):
    """Checkpoints of every set of modalities, pre-trained and fine-tuned."""
    home = tmp_path_factory.mktemp("encoders")
    brief = Pretraining(preset="tiny", epochs=1, batch_size=8, network="vit", **EXACT)
    signal = replace(PLAIN, modalities=("signal",))
    return {
        "image": pretrain(dataset, brief, home / "image", device="cpu"),
        "image and signal": pretrain(both, brief, home / "both", device="cpu"),
        "rings": pretrain(dataset, replace(brief, network="rings"), home / "rings", device="cpu"),
        "classifier": run(dataset, home / "classifier"),
        "signal classifier": finetune(dataset, signal, home / "signal", device="cpu"),
    }


SEEN = {
    ("image", "dataset"): "image",
    ("image", "both"): "image",
    ("image and signal", "dataset"): "image",  # what the data set lists
    ("image and signal", "both"): "image, signal",
    ("rings", "dataset"): "harmonics",
    ("rings", "both"): "harmonics",
    ("classifier", "dataset"): "image",
    ("signal classifier", "dataset"): "signal",  # all that it knows
    ("signal classifier", "both"): "signal",
}


@pytest.mark.parametrize(("encoder", "data"), SEEN, ids=str)
def test_any_checkpoint_starts_a_classifier_of_what_both_know(
    request, encoders, tmp_path, encoder, data
):
    best = finetune(
        request.getfixturevalue(data),
        replace(PLAIN, epochs=1, frozen=True),
        tmp_path / "run",
        pretrained=encoders[encoder],
        device="cpu",
    )
    found = load_checkpoint(best)
    assert ", ".join(grid.name for grid in found.encoder.modalities) == SEEN[encoder, data]
    theirs = load_checkpoint(encoders[encoder]).weights
    name = "encoder.mixing" if encoder == "rings" else "encoder.blocks.0.attention.qkv.weight"
    assert torch.equal(found.weights[name], theirs[name])  # frozen: what it was


@pytest.mark.parametrize(("encoder", "network"), [("rings", "rings"), ("image", "vit")])
def test_a_random_head_learns_at_the_rate_of_the_network_below_it(
    dataset, encoders, tmp_path, encoder, network
):
    settings = replace(PLAIN, epochs=1, learning_rate=None, from_probe=False)
    finetune(dataset, settings, tmp_path, pretrained=encoders[encoder], device="cpu")
    found = read_card(tmp_path)["config"]["plan"]["learning_rate"]
    assert found == NETWORKS[network].learning_rate


@pytest.mark.parametrize("way", ["plain", "endless and changed", "drop path", "frozen"])
def test_every_way_goes_on_from_rings_and_as_if_it_had_not_been_stopped(
    dataset, encoders, tmp_path, monkeypatch, way
):
    whole, cut, begun = tmp_path / "whole", tmp_path / "cut", {"pretrained": encoders["rings"]}
    best = run(dataset, whole, way, **begun)
    last = RunFolder(whole).last_step - 1
    died_before(last, monkeypatch, lambda: run(dataset, cut, way, **begun))
    assert run(dataset, cut, way, resume=True, **begun).name == best.name
    torch.testing.assert_close(weights(whole), weights(cut), rtol=0, atol=0)
    assert load_classifier(whole, "cpu")(dataset.read_observed("test").iq).shape == (16, 2)


def test_a_signal_can_be_requested_for_though_the_data_set_lists_the_image_alone(
    dataset, encoders, tmp_path
):
    settings = replace(PLAIN, epochs=1, modalities=("signal",))
    best = finetune(
        dataset, settings, tmp_path / "run", pretrained=encoders["image and signal"], device="cpu"
    )
    assert [modality.name for modality in load_checkpoint(best).modalities] == ["signal"]
    with pytest.raises(CheckpointError, match="was trained with image, but not with 'signal'"):
        finetune(dataset, settings, tmp_path / "no", pretrained=encoders["image"], device="cpu")


def test_other_patches_are_taken_from_scratch(dataset, tmp_path):
    best = finetune(dataset, replace(PLAIN, epochs=1, patch=16), tmp_path / "run", device="cpu")
    assert load_checkpoint(best).encoder.grid("image").patch == 16


def test_an_encoder_of_other_examples_is_refused(dataset, encoders, tiny_recipe, tmp_path):
    longer = replace(tiny_recipe.source, symbols_per_example=128)
    other = write_dataset(replace(tiny_recipe, source=longer), tmp_path / "longer")
    settings = replace(PLAIN, modalities=("signal",))
    with pytest.raises(CheckpointError, match=r"saw signal of shape \(2, 64\).*has \(2, 128\)"):
        finetune(
            other, settings, tmp_path / "run", pretrained=encoders["image and signal"], device="cpu"
        )


def test_a_backbone_starts_from_scratch_and_nothing_starts_from_a_backbone(
    dataset, encoders, tmp_path
):
    with pytest.raises(CheckpointError, match="holds vit, but network cnn was requested"):
        run(dataset, tmp_path / "no", "cnn", pretrained=encoders["image"])
    run(dataset, tmp_path / "cnn", "cnn")
    with pytest.raises(CheckpointError, match="holds a cnn, which has no encoder"):
        run(dataset, tmp_path / "no", pretrained=tmp_path / "cnn")
    assert not (tmp_path / "no").exists()


# budgets of labels and what is refused ----------------------------------------------------------


def test_labels_are_those_of_the_budget_that_is_named(dataset):
    assert label_budget(Finetuning(labels_per_class=5)) == LabelBudget(5, "class")
    assert label_budget(Finetuning(labels_per_class_and_snr=2)) == LabelBudget(2, "class-and-snr")
    assert label_budget(Finetuning(labels=7)) == LabelBudget(7)
    assert label_budget(Finetuning()) == LabelBudget()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"labels": 8, "labels_per_class": 2},
            "labels and labels_per_class are given; leave out all but one",
        ),
        (
            {"labels": 8, "endless": True},
            "have their own labels, but labels of the stored ones were requested",
        ),
        (
            {"labels_per_class": 8, "endless": True},
            "but labels_per_class of the stored",
        ),
        (
            {"labels": 8, "labels_per_class_and_snr": 2},
            "and labels_per_class_and_snr are given",
        ),
        ({"balanced": True, "endless": True}, "leave out balanced"),
        ({"drop_path": 1.0}, "drop_path must be from 0 to below 1, got 1"),
        ({"drop_path": float("nan")}, "drop_path must be a finite number, got nan"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(TrainingError, match=message):
        replace(PLAIN, **changes)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"labels_per_class": 25}, TrainingError, "25 labels per class are requested"),
        ({"labels_per_class_and_snr": 25}, TrainingError, "the rarest, .* dB, has"),
        ({"network": "vgg"}, RecipeError, "unknown network 'vgg'; known: vit, rings, cnn"),
        ({"head": "mlp"}, TrainingError, "head must be preset or linear or paper"),
        ({"network": "resnet", "modalities": ("image",)}, ShapeError, "a resnet sees a sequence"),
        (
            {"augmentation": Augmentation(timing_offset_symbols=0.1)},
            RfmaeError,
            "a timing offset needs a waveform, but inputs of .* are rendered from symbols",
        ),
        ({"validations": 0}, TrainingError, "validations must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_done_leaves_no_folder(dataset, tmp_path, changes, kind, message):
    with pytest.raises(kind, match=message):
        finetune(dataset, replace(PLAIN, **changes), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_published_signals_come_without_end_too(tmp_path):
    recipe = load_recipe("legacy")
    source = replace(recipe.source, modulations=("OOK", "GMSK"), symbols_per_example=64)
    small = replace(recipe, source=source, splits=Splits(train=2, validation=1, test=1))
    dataset = write_dataset(small.with_snr("10"), tmp_path / "data")
    settings = replace(PLAIN, epochs=1, batch_size=2, endless=True)
    finetune(dataset, settings, tmp_path / "run", device="cpu")


# another image size ---------------------------------------------------------------------------


class Notes(Silent):
    def __init__(self):
        self.lines = []

    def note(self, text):
        self.lines.append(text)


def test_an_encoder_goes_on_with_images_of_another_size(dataset, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "batch_size": 8}
    pretrained = pretrain(
        dataset, Pretraining(network="vit", **brief), tmp_path / "small", device="cpu"
    )
    notes = Notes()
    size = 2 * dataset.image.size
    best = finetune(
        dataset,
        Finetuning(image_size=size, **brief),
        tmp_path / "large",
        pretrained=pretrained,
        device="cpu",
        progress=notes,
    )
    said = f"positions are interpolated from images of {dataset.image.size} pixels to {size}"
    assert said in notes.lines
    found = load_checkpoint(best)
    assert found.image.size == size
    assert found.encoder.positions == "learned"
    iq = dataset.read_observed("test").iq
    assert load_classifier(best, "cpu")(iq).shape == (len(iq), len(dataset.classes))


def test_a_network_from_scratch_and_a_pre_training_take_an_image_size_too(dataset, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "batch_size": 8, "image_size": 48}
    cnn = finetune(dataset, Finetuning(network="cnn", **brief), tmp_path / "cnn", device="cpu")
    assert load_checkpoint(cnn).image.size == 48
    vit = pretrain(dataset, Pretraining(network="vit", **brief), tmp_path / "vit", device="cpu")
    assert load_checkpoint(vit).image.size == 48


@pytest.mark.parametrize("network", ["rings", "lstm"])
def test_a_network_that_sees_no_images_has_no_image_size(dataset, tmp_path, network):
    settings = Finetuning(network=network, image_size=48)
    with pytest.raises(CheckpointError, match="and no images, got image size 48; leave it out"):
        finetune(dataset, settings, tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_other_images_of_a_data_set_are_reported_in_words(dataset, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "batch_size": 8}
    run = pretrain(
        dataset, Pretraining(network="vit", image_size=48, **brief), tmp_path / "p", device="cpu"
    )
    notes = Notes()
    finetune(dataset, Finetuning(**brief), tmp_path / "f", pretrained=run, device="cpu",
             progress=notes)  # fmt: skip
    assert f"has learnt them: size 48 instead of {dataset.image.size}" in " ".join(notes.lines)
