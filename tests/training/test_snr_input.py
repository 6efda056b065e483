"""An estimate of the SNR beside the image: from a recipe to accuracy per SNR and to answers."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.held import hold_dataset
from rfmae.datasets.recipe import Splits, load_recipe, parse_recipe, recipe_to_toml
from rfmae.datasets.store import Dataset, write_dataset
from rfmae.errors import CheckpointError, DatasetError, RecipeError, ShapeError
from rfmae.inference import load_classifier, load_denoiser
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.kinds import find_network
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, Modality, Plane
from rfmae.signal.receiver import Receiver
from rfmae.signal.snr_estimation import SnrEstimator
from rfmae.training.batches import EndlessPairs, StoredPairs
from rfmae.training.loaders import InputSplit, image_card
from rfmae.workflows.denoise.denoise_evaluation import eval_denoise
from rfmae.workflows.evaluate.snr_evaluation import eval_snr
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

CPU = torch.device("cpu")
OF_WAVES, OF_SYMBOLS = Modality("snr", view="waveform"), Modality("snr")
BESIDE = (*IMAGE_ALONE, OF_WAVES)
EXACT = {"precision": "float32"}
BRIEF = Finetuning(preset="tiny", epochs=1, batch_size=8, seed=1, **EXACT, validations=1)


def recipe_of(tiny_recipe, modalities=IMAGE_ALONE, waveform="filtered", observe="both"):
    """Two modulations at 10 and 20 dB; images of symbols, or of what there is."""
    source = replace(
        tiny_recipe.source,
        modulations=("BPSK", "QPSK"),
        samples_per_symbol=4,
        receiver=Receiver(observe=observe, waveform=waveform),
    )
    what = "trajectory" if observe == "waveform" else "symbols"
    recipe = replace(
        tiny_recipe,
        source=source,
        image=replace(tiny_recipe.image, planes=(Plane(what, "density"),)),
        modalities=modalities,
        splits=Splits(train=12, validation=4, test=4),
    )
    return recipe.with_snr("10:20:10")


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    """It lists the image alone; the SNR must be named."""
    return write_dataset(recipe_of(tiny_recipe), tmp_path_factory.mktemp("data") / "both")


@pytest.fixture(scope="module")
def listing(tiny_recipe, tmp_path_factory):
    """It lists the SNR, too."""
    recipe = recipe_of(tiny_recipe, BESIDE)
    return write_dataset(recipe, tmp_path_factory.mktemp("data") / "listing")


@pytest.fixture(scope="module")
def pretrained(listing, tmp_path_factory):
    settings = Pretraining(preset="tiny", epochs=1, batch_size=8, seed=1, network="vit")
    return pretrain(listing, settings, tmp_path_factory.mktemp("runs") / "pretrained", device="cpu")


def beside(network, snr=OF_WAVES):
    """The inputs of a network for image and SNR: rings see the image's harmonics."""
    return (Modality(find_network(network).sees or "image"), snr)


def estimates(dataset, split="test"):
    batch = dataset.read_observed(split, view="waveform")
    return dataset.snr_estimator("waveform")(batch.iq)


# what is drawn --------------------------------------------------------------------------------


def test_a_network_is_shown_the_estimate_of_each_example_and_no_label(dataset):
    split = InputSplit(dataset, "test", BESIDE, CPU, Silent())
    rows = torch.tensor([3, 0, 15])
    shown = split.inputs(rows)["snr"]
    assert shown.shape == (3, 1, 1)
    np.testing.assert_allclose(shown.flatten() * 10, estimates(dataset)[rows], atol=0.02)
    _, stated = dataset.labels("test")
    assert np.all(np.abs(estimates(dataset) - stated) < 3)  # 64 symbols at four samples
    turned = split.inputs(rows, torch.tensor([1, 2, 3]))["snr"]
    assert torch.equal(turned, shown)


def test_stored_and_endless_pairs_hold_it_and_no_target_for_it(listing):
    stored = StoredPairs(
        listing, "train", listing.modalities, CPU, Silent(), batch_size=8, seed=0, turn=True
    )
    recipe = load_recipe(listing.folder / "recipe.toml")
    endless = EndlessPairs(recipe, recipe.modalities, CPU, batch_size=8, workers=1)
    for source in (stored, endless):
        pairs = source.pairs(0)
        assert set(pairs.inputs) == {"image", "snr"}
        assert set(pairs.targets) == {"image"}
        assert pairs.inputs["snr"].shape == (8, 1, 1)


def test_the_image_is_what_it_is_without_the_snr(dataset):
    rows = torch.arange(4)
    beside = InputSplit(dataset, "test", BESIDE, CPU, Silent()).inputs(rows)
    alone = InputSplit(dataset, "test", IMAGE_ALONE, CPU, Silent()).inputs(rows)
    assert torch.equal(beside["image"], alone["image"])


# recipes and cards ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("observe", "view"),
    [("symbols", "symbols"), ("waveform", "waveform"), ("both", "waveform")],
)
def test_an_snr_is_estimated_of_the_waveform_wherever_there_is_one(tiny_toml, observe, view):
    plane = "trajectory" if observe == "waveform" else "symbols"
    text = tiny_toml.replace(
        "seed =", 'modalities = [{ what = "image" }, { what = "snr" }]\nseed ='
    )
    text = text.replace(
        "samples_per_symbol = 2", f'samples_per_symbol = 2\nreceiver = {{ observe = "{observe}" }}'
    )
    text = text.replace("[image]", f'[image]\nplanes = [{{ what = "{plane}", how = "density" }}]')
    recipe = parse_recipe(text)
    assert recipe.modalities == (Modality(), Modality("snr", view=view))
    assert parse_recipe(recipe_to_toml(recipe)) == recipe
    named = text.replace('{ what = "snr" }', f'{{ what = "snr", view = "{view}" }}')
    assert parse_recipe(named) == recipe


def test_a_recipe_whose_waveform_has_no_quiet_band_is_refused(tiny_recipe):
    with pytest.raises(RecipeError, match="at least 2 samples per symbol, got 1"):
        recipe = recipe_of(tiny_recipe, BESIDE)
        replace(recipe, source=replace(recipe.source, samples_per_symbol=1.5))


@pytest.mark.parametrize("waveform", ["received", "filtered"])
def test_recipe_data_set_and_card_describe_one_estimator(waveform, tiny_recipe, tmp_path):
    recipe = recipe_of(tiny_recipe, BESIDE, waveform)
    expected = SnrEstimator(4.0, recipe.source.pulse, waveform == "filtered")
    written = write_dataset(recipe, tmp_path / "data")
    assert recipe.snr_estimator("waveform") == written.snr_estimator("waveform") == expected
    assert recipe.snr_estimator("symbols") == written.snr_estimator("symbols") == SnrEstimator()
    assert image_card(written)["snr_estimator"] == asdict(expected)
    assert "snr_estimator" not in image_card(written, IMAGE_ALONE)


def test_a_data_set_that_does_not_know_its_pulse_is_refused_where_it_is_needed(dataset, tmp_path):
    card = {key: value for key, value in dataset.card.items() if key != "recipe"}
    silent, folder = Dataset(dataset.folder, card), tmp_path / "run"
    plain = replace(BRIEF, network="rings")
    finetune(silent, plain, tmp_path / "image", device="cpu")  # without the SNR it is not refused
    with pytest.raises(DatasetError, match=r"does not say with which pulse .* leave the modality"):
        finetune(silent, replace(plain, modalities=("image", "snr")), folder, device="cpu")
    assert not folder.exists()


# training and answers -------------------------------------------------------------------------


@pytest.mark.parametrize("network", ["vit", "rings", "cnn"])
def test_a_classifier_answers_from_image_and_snr_without_flags(network, dataset, tmp_path):
    settings = replace(BRIEF, network=network, modalities=("image", "snr"))
    finetune(dataset, settings, tmp_path / "run", device="cpu")
    classifier = load_classifier(tmp_path / "run", device="cpu")
    assert classifier.pipeline.modalities == beside(network)
    assert classifier.views == ("symbols", "waveform")
    assert classifier.pipeline.snr_estimator == dataset.snr_estimator("waveform")
    views = {view: batch.iq for view, batch in dataset.read_views("test", classifier.views).items()}
    answers = classifier(views)
    louder = {"symbols": views["symbols"], "waveform": 1e-3j * views["waveform"]}
    np.testing.assert_allclose(classifier(louder), answers, atol=1e-5)
    noise = np.random.default_rng(0).normal(size=(*views["waveform"].shape, 2)) @ [0.5, 0.5j]
    noisier = {"symbols": views["symbols"], "waveform": views["waveform"] + noise}
    assert np.abs(classifier(noisier) - answers).max() > 1e-4


@pytest.mark.usefixtures("no_figures")
def test_accuracy_is_measured_as_of_any_other(dataset, tmp_path):
    settings = replace(BRIEF, network="rings", modalities=("image", "snr"))
    finetune(dataset, settings, tmp_path / "run", device="cpu")
    report = eval_snr(dataset, {"ours": tmp_path / "run"}, tmp_path / "report", device="cpu").report
    assert report.accuracy["ours"].examples == dataset.examples("test")


def test_symbols_alone_will_do(tiny_recipe, tmp_path):
    symbols = write_dataset(recipe_of(tiny_recipe, observe="symbols"), tmp_path / "symbols")
    settings = replace(BRIEF, network="rings", modalities=("image", "snr"))
    finetune(symbols, settings, tmp_path / "run", device="cpu")
    classifier = load_classifier(tmp_path / "run", device="cpu")
    assert classifier.pipeline.modalities == beside("rings", OF_SYMBOLS)
    assert classifier.pipeline.snr_estimator == SnrEstimator()
    recording = symbols.read_observed("test").iq[:3].reshape(-1)
    assert classifier.answer(recording).windows.shape == (3, 2)


def test_arrays_of_symbols_have_an_snr_and_waveforms_of_an_unknown_pulse_have_none(dataset):
    for view, words in {"symbols": None, "waveform": "does not say with which pulse"}.items():
        batch = dataset.read_observed("test", view=view)
        held = hold_dataset(
            {"train": batch}, name="arrays", view=view, image=dataset.image, any_phase=True
        )
        if words is None:
            assert held.snr_estimator(view) == SnrEstimator()
            continue
        with pytest.raises(DatasetError, match=words):
            held.snr_estimator(view)


@pytest.mark.parametrize(("network", "seen"), [("resnet", "signal"), ("lstm", "signal")])
def test_a_network_of_signals_takes_no_snr(network, seen, dataset, tmp_path):
    settings = replace(BRIEF, network=network, modalities=(seen, "snr"))
    with pytest.raises(ShapeError, match=f"a {network} sees a sequence .* alone"):
        finetune(dataset, settings, tmp_path / "run", device="cpu")


def test_a_checkpoint_whose_card_does_not_say_how_to_estimate_is_refused(dataset, tmp_path):
    settings = replace(BRIEF, network="rings", modalities=("image", "snr"))
    best = finetune(dataset, settings, tmp_path / "run", device="cpu")
    card = json.loads((best / "card.json").read_text())
    del card["snr_estimator"]
    (best / "card.json").write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="lacks 'snr_estimator'"):
        load_classifier(tmp_path / "run", device="cpu")


def test_pre_training_sees_it_and_fine_tuning_goes_on(listing, pretrained, tmp_path):
    network = load_checkpoint(pretrained).build()
    assert set(network.encoder.stems) == {"image", "snr"}
    assert set(network.decoders) == {"image"}
    for names in (None, ("image",)):
        folder = tmp_path / str(names)
        settings = replace(BRIEF, modalities=names)
        finetune(listing, settings, folder, pretrained=pretrained, device="cpu")
        seen = load_classifier(folder, device="cpu").pipeline.modalities
        assert seen == (BESIDE if names is None else IMAGE_ALONE)


def test_rings_are_pre_trained_beside_it_and_never_without_it(listing, tmp_path):
    settings = Pretraining(
        preset="tiny", epochs=1, batch_size=8, network="rings", modalities=("image", "snr")
    )
    pretrained = pretrain(listing, settings, tmp_path / "pretrained", device="cpu")
    network = load_checkpoint(pretrained).build()
    assert network.encoder.conditioning is not None
    finetune(listing, BRIEF, tmp_path / "run", pretrained=pretrained, device="cpu")
    seen = load_classifier(tmp_path / "run", device="cpu").pipeline.modalities
    assert {*seen} == {*beside("rings")}
    alone = replace(BRIEF, modalities=("harmonics",))
    with pytest.raises(ShapeError, match="rings see snr and harmonics, but harmonics was named"):
        finetune(listing, alone, tmp_path / "no", pretrained=pretrained, device="cpu")
    assert not (tmp_path / "no").exists()


@pytest.mark.usefixtures("no_figures", "few_directions")
def test_a_denoiser_is_shown_it(listing, pretrained, tmp_path):
    denoiser = load_denoiser(pretrained, device="cpu")
    views = {
        view: batch.iq
        for view, batch in listing.read_views("test", ("symbols", "waveform")).items()
    }
    inputs = denoiser.inputs(views)
    assert inputs["snr"].shape == (len(views["symbols"]), 1, 1)
    assert denoiser(inputs).shape == denoiser.unmasked(inputs).shape == inputs["image"].shape
    report = eval_denoise(listing, pretrained, tmp_path / "report", device="cpu").report
    assert report.denoising is not None
