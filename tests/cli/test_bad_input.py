"""Bad input ends in one line that names it and the way out, exit code 2, and nothing on disk."""

import dataclasses
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from rfmae.artefacts import CARD_NAME
from rfmae.datasets import writing
from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import write_dataset
from rfmae.models import checkpoint as checkpoint_module
from rfmae.models.checkpoint import WEIGHTS_NAME
from rfmae.training.run_folder import RunFolder

RUN_COMMAND = "from rfmae_cli.start import main; main()"


def tree(folder):
    """Every path under a folder with what it holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def assert_one_line(exit_code, stderr, words):
    """The only line on standard error names every one of `words`."""
    assert "Traceback" not in stderr
    assert exit_code == 2
    assert stderr.startswith("error: ")
    assert stderr.endswith("\n")
    assert stderr.count("\n") == 1
    assert [word for word in words if str(word) not in stderr] == []


@pytest.fixture
def refused(rfmae, here):
    """Run a command that must refuse its input and leave the working folder as it is."""

    def run(*arguments, words=()):
        before = tree(here)
        result = rfmae(*arguments)
        assert result.exit_code == 2, f"{result.exit_code}, {result.exception!r}, {result.stderr}"
        assert_one_line(result.exit_code, result.stderr, words)
        assert result.stdout == ""
        assert sorted(tree(here)) == sorted(before)
        assert tree(here) == before
        return result.stderr

    return run


@pytest.fixture
def made(dataset, denoiser, rings, classifier, here, record):
    """Names for the artefacts that commands below are given."""
    (here / "thesis").mkdir()
    (here / "thesis" / "thesis.tex").write_text("years of work")
    (here / "file").write_text("a file")
    recording = record(here / "good")
    return {
        "data": dataset.folder,
        "denoiser": denoiser,
        "rings": rings,
        "classifier": classifier,
        "recording": recording,
    }


def filled(command, made):
    return command.format(**made).split()


# the artefacts themselves are good ----------------------------------------------------------


@pytest.mark.usefixtures("few_directions")
@pytest.mark.parametrize(
    "command",
    [
        "classify {recording} --model {classifier}",
        "eval-snr --data {data} --model {classifier} --no-cost --no-open-set --out report",
        "eval-denoise --data {data} --model {denoiser} --out report",
        "probe --data {data} --model {rings} --out report",
        "show {data}",
        "show {rings}",
        "show {recording}",
    ],
)
def test_good_input_is_answered(rfmae, made, command):
    result = rfmae(*filled(command, made))
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"
    assert result.stdout
    assert "error: " not in result.stderr


# numbers and names on the command line ------------------------------------------------------

EVERY_RUN = {
    "pretrain": "pretrain --data {data} --preset tiny --epochs 1 --out run",
    "finetune": "finetune --data {data} --preset tiny --epochs 1 --out run",
}
PATCHES, RINGS = (f"{EVERY_RUN['pretrain']} --network {network}" for network in ("vit", "rings"))
ON_A_DEVICE = {
    **EVERY_RUN,
    "eval-snr": "eval-snr --data {data} --model {classifier} --out report",
    "eval-denoise": "eval-denoise --data {data} --model {denoiser} --out report",
    "classify": "classify {recording} --model {classifier}",
}

TYPED = {
    # the grid
    "grid downwards": ("synth --snr 10:-10", ["'10:-10'", "write -10:10"]),
    "grid in the order of MATLAB": ("synth --snr -10:2:10", ["'-10:2:10'", "write -10:10:2"]),
    "grid of words": ("synth --snr a:b", ["'a:b'", "start:stop[:step]", "-10:10"]),
    "step of zero": ("synth --snr 0:10:0", ["'0:10:0'", "positive"]),
    "SNR beyond every number": ("synth --snr 4000", ["4000"]),
    # recipes
    "unknown recipe": ("synth --recipe awgn-tenn", ["'awgn-tenn'", "awgn-ten", "TOML"]),
    "unknown recipe of the quickstart": ("quickstart --recipe sdr-lin", ["sdr-linear"]),
    "recipe that is a folder": ("synth --recipe thesis", ["'thesis'"]),
    # what is not there
    "no data set by default": ("pretrain", ["artifacts", "rfmae synth"]),
    "no data set of that name": ("pretrain --data nowhere", ["nowhere", "rfmae synth"]),
    "folder that is no data set": ("finetune --data thesis", ["thesis", "card.json"]),
    "no run by default": ("eval-snr", ["artifacts", "rfmae finetune"]),
    "no pre-training by default": ("eval-denoise", ["artifacts", "rfmae pretrain"]),
    "no model of that name": ("eval-snr --data {data} --model nowhere", ["nowhere"]),
    "roll-off of a receiver": (
        "classify {recording} --model {classifier} --roll-off 3",
        ["roll-off", "between 0.02 and 1", "got 3"],
    ),
    "symbol rate above the sample rate": (
        "classify {recording} --model {classifier} --symbol-rate 2e6",
        ["symbol rate", "800,000 Bd", "got 2e+06"],
    ),
    "options of a receiver that is left out": (
        "classify {recording} --model {classifier} --no-receiver --symbol-rate 1e5",
        ["--symbol-rate", "--no-receiver"],
    ),
    "folder that is no model": ("classify {recording} --model thesis", ["thesis", "card.json"]),
    "model without its data set": ("eval-snr --model {classifier}", ["tiny", "--data"]),
    "nothing to show": ("show nowhere", ["nowhere", "no such file or folder"]),
    "no artefact to show": ("show thesis", ["thesis", "card.json"]),
    # presets, sizes and counts
    **{
        f"unknown preset of {name}": (
            f"{command.replace('--preset tiny', '--preset tinny')}",
            ["'tinny'", "did you mean tiny"],
        )
        for name, command in EVERY_RUN.items()
    },
    "unknown preset of quickstart": (
        "quickstart --workers 1 --labels 8 --recipe tiny.toml --preset tinny --out home",
        ["'tinny'", "did you mean tiny"],
    ),
    "everything hidden": (
        f"{EVERY_RUN['pretrain']} --mask-ratio 1",
        ["mask ratio", "from 0 to below 1"],
    ),
    "lowest above highest": (
        f"{PATCHES} --mask-lowest 0.8",
        ["lowest mask ratio", "0.75", "got 0.8"],
    ),
    "drawn and rising": (
        f"{EVERY_RUN['pretrain']} --method curriculum --mask-lowest 0",
        ["start_ratio", "leave out"],
    ),
    "noise beside nothing hidden": (
        f"{PATCHES} --method feature-noise --mask-lowest 0",
        ["disruption", "lowest"],
    ),
    "unknown error": (f"{PATCHES} --pixel-error cubed", ["cubed", "rms"]),
    "negative weight": (f"{EVERY_RUN['pretrain']} --position-weight -1", ["position weight"]),
    # the task of pre-training, and how it runs
    "unknown method": (f"{EVERY_RUN['pretrain']} --method denomae3", ["'denomae3'", "denomae2"]),
    "unknown pixels": (f"{EVERY_RUN['pretrain']} --pixels visible", ["hidden or all", "'visible'"]),
    "unknown target": (f"{EVERY_RUN['pretrain']} --target dirty", ["clean or noisy", "'dirty'"]),
    "unknown positions": (f"{PATCHES} --positions polar", ["'polar'", "learned"]),
    "unknown position target": (
        f"{EVERY_RUN['pretrain']} --position-target relative",
        ["absolute or rank", "'relative'"],
    ),
    "no position for anybody": (
        f"{EVERY_RUN['pretrain']} --position-dropout 1.5",
        ["position dropout", "1.5"],
    ),
    "more tokens than there are": (
        f"{PATCHES} --position-dropout 0.7 --noise-share 0.7",
        ["must not exceed 1", "0.7"],
    ),
    "noise after the last block": (
        f"{PATCHES} --noise-share 0.5 --noise-block 9",
        ["4 encoder blocks", "9"],
    ),
    "unknown disruption": (
        f"{EVERY_RUN['pretrain']} --disruption soft",
        ["cross or entropy or hard", "'soft'"],
    ),
    "unknown level": (f"{PATCHES} --uniformity-level pixel", ["image or token"]),
    "unknown place of mask tokens": (
        f"{PATCHES} --mask-tokens both",
        ["decoder or encoder", "'both'"],
    ),
    "negative Laplacian": (
        f"{EVERY_RUN['pretrain']} --laplacian-weight -1",
        ["laplacian weight must be at least 0"],
    ),
    "no mask unit": (f"{EVERY_RUN['pretrain']} --mask-unit 0", ["mask unit", "0"]),
    "patch that does not fit": (f"{EVERY_RUN['pretrain']} --patch 7", ["patch 7", "32"]),
    "one patch": (f"{EVERY_RUN['pretrain']} --patch 32", ["at least 2 patches"]),
    # kinds of networks
    "unknown network": (
        f"{EVERY_RUN['pretrain']} --network ring",
        ["unknown network 'ring'", "did you mean rings"],
    ),
    "unknown network of a classifier": (
        f"{EVERY_RUN['finetune']} --network ring",
        ["unknown network 'ring'", "did you mean rings"],
    ),
    "a network that is never pre-trained": (
        f"{EVERY_RUN['pretrain']} --network cnn",
        ["cnn learns from labels alone", "pre-train network vit or rings"],
    ),
    "patches of rings": (f"{RINGS} --patch 8", ["rings has no patches", "8", "network vit"]),
    "a signal for rings": (f"{RINGS} --modalities image,signal", ["rings see", "got signal"]),
    "noise on rings": (f"{RINGS} --noise-share 0.5", ["feature noise 0.5", "network vit"]),
    "a method of patches": (f"{RINGS} --method feature-noise", ["feature noise", "network vit"]),
    "positions of rings": (f"{RINGS} --positions learned", ["positions learned", "network vit"]),
    "mask tokens of rings": (f"{RINGS} --mask-tokens encoder", ["mask tokens", "network vit"]),
    "level of rings": (f"{RINGS} --uniformity-level token", ["level token", "network vit"]),
    "normalised rings": (f"{RINGS} --normalised-targets", ["normalised targets", "network vit"]),
    "rank of a ring": (f"{RINGS} --position-target rank", ["absolute", "network vit"]),
    "a position that is no question": (
        f"{RINGS} --position-dropout 0",
        ["position dropout 0", "position weight 0"],
    ),
    "rings that are to denoise": (
        "eval-denoise --data {data} --model {rings} --out report",
        ["holds rings", "rfmae pretrain --method denoiser"],
    ),
    "rings that are to be a cnn": (
        f"{EVERY_RUN['finetune']} --model {{rings}} --network cnn",
        ["holds rings", "network cnn was requested", "leave out one"],
    ),
    "patches that are to be rings": (
        f"{EVERY_RUN['finetune']} --model {{denoiser}} --network rings",
        ["holds vit", "network rings was requested", "leave out one"],
    ),
    "rings of a signal": (
        f"{EVERY_RUN['finetune']} --model {{rings}} --modalities signal",
        ["not with 'signal'"],
    ),
    "unknown precision": (f"{EVERY_RUN['pretrain']} --precision float16", ["float16", "bfloat16"]),
    "unknown compilation": (f"{EVERY_RUN['pretrain']} --compile maybe", ["auto or on or off"]),
    "pieces that do not divide": (
        f"{EVERY_RUN['pretrain']} --batch 8 --accumulate 3",
        ["divide", "8", "3"],
    ),
    "average of nothing": (f"{EVERY_RUN['pretrain']} --ema 1", ["ema", "from 0 to below 1"]),
    "a modality that no receiver has": (
        f"{EVERY_RUN['finetune']} --modalities noise",
        ["'noise'", "image"],
    ),
    "layers without decay": (
        f"{EVERY_RUN['finetune']} --layer-decay 0",
        ["layer_decay", "positive and at most 1"],
    ),
    "no step": (f"{EVERY_RUN['finetune']} --learning-rate 0", ["learning_rate", "positive"]),
    "no step of pre-training": (
        f"{EVERY_RUN['pretrain']} --learning-rate 0",
        ["learning_rate", "positive"],
    ),
    "step that is no number": (f"{EVERY_RUN['pretrain']} --learning-rate nan", ["learning_rate"]),
    "fewer labels than classes": (f"{EVERY_RUN['finetune']} --labels 1", ["labels", "1", "2"]),
    "more labels than examples": (f"{EVERY_RUN['finetune']} --labels 999", ["labels", "999", "12"]),
    "labels that fit no quickstart": (
        "quickstart --workers 1 --recipe tiny.toml --labels 999 --out home",
        ["labels", "999"],
    ),
    # devices
    **{
        f"unknown device of {name}": (f"{command} --device abacus", ["'abacus'", "cpu or auto"])
        for name, command in ON_A_DEVICE.items()
    },
    "device that is not there": (f"{EVERY_RUN['pretrain']} --device cuda:99", ["cuda:99", "cpu"]),
    "unknown device of quickstart": (
        "quickstart --workers 1 --labels 8 --recipe tiny.toml --device abacus --out home",
        ["'abacus'", "cpu or auto"],
    ),
}


@pytest.mark.parametrize(("command", "words"), TYPED.values(), ids=list(TYPED))
def test_a_wrong_word_is_named_with_the_way_out(refused, made, here, tiny_toml, command, words):
    (here / "tiny.toml").write_text(tiny_toml)
    refused(*filled(command, made), words=words)


@pytest.mark.parametrize(
    "command",
    ["synth --snr", "synth --workers 0", "pretrain --epochs 0", "classify", "synth --colour red"],
)
def test_a_command_that_does_not_parse_makes_nothing(rfmae, here, command):
    result = rfmae(*command.split())
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert tree(here) == {}


# recipes ------------------------------------------------------------------------------------

IN_A_RECIPE = {
    "unknown modulation": ('"BPSK"', '"8PKS"', ["'8PKS'", "did you mean", "8PSK"]),
    "unknown key": ("seed = 7", "seed = 7\nsede = 8", ["'sede'", "did you mean seed"]),
    "missing key": ("seed = 7\n", "", ["missing key 'seed'"]),
    "wrong type": ("train = 2", 'train = "two"', ["splits.train", "whole number", "'two'"]),
    "wrong grid": ('"0:10:10"', '"10:0"', ["'10:0'", "write 0:10"]),
    "no TOML": ("seed = 7", "seed = = 7", ["TOML", "line 5"]),
    "bytes of another code": ("A few", "\udcff\udcfe", ["wrong.toml"]),
}


@pytest.mark.parametrize(("old", "new", "words"), IN_A_RECIPE.values(), ids=list(IN_A_RECIPE))
@pytest.mark.parametrize("command", ["synth", "quickstart --workers 1 --out home"])
def test_a_wrong_recipe_is_named_with_the_way_out(
    refused, here, tiny_toml, command, old, new, words
):
    text = tiny_toml.replace(old, new)
    (here / "wrong.toml").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    refused(*command.split(), "--recipe", "wrong.toml", words=["wrong.toml", *words])


# data sets ----------------------------------------------------------------------------------

ON_A_DATA_SET = {
    **EVERY_RUN,
    "finetune a model": f"{EVERY_RUN['finetune']} --model {{denoiser}}",
    "eval-snr": ON_A_DEVICE["eval-snr"],
    "eval-denoise": ON_A_DEVICE["eval-denoise"],
    "show": "show {data}",
}


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("command", ON_A_DATA_SET.values(), ids=list(ON_A_DATA_SET))
def test_a_truncated_split_is_named(refused, made, copied, command, share):
    data = copied(made["data"])
    split = data / "test.h5"
    os.truncate(split, int(share * split.stat().st_size))
    words = [split.name, "truncated", "rfmae synth"]
    refused(*filled(command, {**made, "data": data}), words=words)


def test_a_truncated_data_set_is_not_taken_for_a_finished_one(
    refused, made, copied, tiny_toml, here
):
    data = copied(made["data"])
    (here / "tiny.toml").write_text(tiny_toml)
    os.truncate(data / "test.h5", 1000)
    message = refused("synth", "--recipe", "tiny.toml", "--out", data, words=["test.h5"])
    # the way out must not be the command that was just given
    assert "remove" in message or "--out" in message


# checkpoints --------------------------------------------------------------------------------

ON_A_CLASSIFIER = {name: ON_A_DEVICE[name] for name in ("classify", "eval-snr")}
ON_A_DENOISER = {
    "eval-denoise": ON_A_DEVICE["eval-denoise"],
    "finetune": f"{EVERY_RUN['finetune']} --model {{denoiser}}",
}
ON_A_MODEL = ON_A_CLASSIFIER | ON_A_DENOISER


@pytest.mark.parametrize("command", ON_A_CLASSIFIER.values(), ids=list(ON_A_CLASSIFIER))
def test_a_denoiser_is_no_classifier(refused, made, command):
    words = [made["denoiser"], "holds a denomae", "a classifier is required", "rfmae finetune"]
    refused(*filled(command, {**made, "classifier": made["denoiser"]}), words=words)


def test_a_classifier_is_no_denoiser(refused, made):
    words = [made["classifier"], "holds a classifier", "a denomae is required", "rfmae pretrain"]
    command = ON_A_DENOISER["eval-denoise"]
    refused(*filled(command, {**made, "denoiser": made["classifier"]}), words=words)


def with_weights_changed(folder, change):
    weights = load_file(folder / WEIGHTS_NAME)
    change(weights)
    save_file(weights, folder / WEIGHTS_NAME)
    card = json.loads((folder / "card.json").read_text())
    del card["weights_sha256"]  # as a card from before there was one
    (folder / "card.json").write_text(json.dumps(card))


def reshape(folder):
    def change(weights):
        weights["encoder.stems.image.embed.weight"] = torch.zeros(7, 5)

    with_weights_changed(folder, change)


def take_one_away(folder):
    with_weights_changed(folder, lambda weights: weights.pop("encoder.stems.image.embed.weight"))


def lie_on_the_card(folder):
    card = folder / CARD_NAME
    card.write_text(card.read_text().replace('"width": 96', '"width": 48'))


def forget_the_card(folder):
    (folder / CARD_NAME).unlink()


def forget_the_weights(folder):
    (folder / WEIGHTS_NAME).unlink()


def cut_at(share):
    def cut(folder):
        path = folder / WEIGHTS_NAME
        os.truncate(path, int(share * path.stat().st_size))

    return cut


DAMAGE = {
    "other shapes": (reshape, ["embed.weight", "shape", "(7, 5)"]),
    "weights lacking": (take_one_away, ["embed.weight"]),
    "another card": (lie_on_the_card, ["shape"]),
    "no card": (forget_the_card, [CARD_NAME]),
    "no weights": (forget_the_weights, [WEIGHTS_NAME]),
    "nothing left": (cut_at(0), [WEIGHTS_NAME, "truncated"]),
    "cut inside its head": (cut_at(0.001), [WEIGHTS_NAME, "truncated"]),
    "cut in half": (cut_at(0.5), [WEIGHTS_NAME, "truncated"]),
    "last bytes cut": (cut_at(0.9999), [WEIGHTS_NAME, "truncated"]),
}


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=list(DAMAGE))
@pytest.mark.parametrize("command", ON_A_MODEL.values(), ids=list(ON_A_MODEL))
def test_a_damaged_checkpoint_is_named(refused, made, copied, command, damage, words):
    kind = "denoiser" if "{denoiser}" in command else "classifier"
    model = copied(made[kind])
    damage(model)
    refused(*filled(command, {**made, kind: model}), words=["damaged-", *words])


def test_a_classifier_of_other_classes_is_refused(refused, made, dataset, here, tiny_toml):
    recipe = parse_recipe(tiny_toml)
    source = dataclasses.replace(recipe.source, modulations=("QPSK", "OOK"))
    other = write_dataset(dataclasses.replace(recipe, source=source), here / "other")
    words = ["BPSK, 16QAM", "QPSK, OOK", "fine-tune"]
    refused(*filled(ON_A_DEVICE["eval-snr"], {**made, "data": other.folder}), words=words)


def test_rings_of_a_known_phase_are_refused(refused, made, here, tiny_toml):
    """They would throw the phase away; who asks for nothing gets patches."""
    recipe = parse_recipe(tiny_toml.replace('0:10:10"', '0:10:10"\nphase_offset_turns = "none"'))
    other = write_dataset(recipe, here / "other")
    words = ["nothing here turns with an unknown carrier phase", "network vit"]
    refused(*filled(RINGS, {**made, "data": other.folder}), words=words)


def test_rings_that_were_a_backbone_once_are_refused(refused, made, copied):
    model = copied(made["classifier"])
    card = json.loads((model / CARD_NAME).read_text())
    encoder = card["model"]["encoder"]
    modalities = encoder["modalities"]
    card["model"]["encoder"] = {
        "kind": "rings",
        "modalities": modalities,
        "width": 96,
        "samples_per_step": 1,
    }
    (model / CARD_NAME).write_text(json.dumps(card))
    commands = (*ON_A_CLASSIFIER.values(), f"{EVERY_RUN['finetune']} --model {{classifier}}")
    for command in commands:
        refused(*filled(command, {**made, "classifier": model}), words=["rings", "train it again"])


def test_two_models_of_one_name_are_refused(refused, made):
    command = f"{ON_A_DEVICE['eval-snr']} --model {{classifier}}"
    refused(*filled(command, made), words=["different names", "classifier"])


# recordings ---------------------------------------------------------------------------------


def data_of(recording):
    return recording.with_suffix(".sigmf-data")


def without_data(record, path):
    recording = record(path)
    data_of(recording).unlink()
    return recording


def short(record, path):
    recording = record(path)
    os.truncate(data_of(recording), 100 * 8)
    return recording


def cut_in_a_sample(record, path):
    recording = record(path)
    os.truncate(data_of(recording), 100 * 8 + 3)
    return recording


def without_samples(record, path):
    recording = record(path)
    os.truncate(data_of(recording), 0)
    return recording


def not_json(record, path):
    recording = record(path)
    recording.write_text("{")
    return recording


def with_strange_captures(record, path):
    recording = record(path)
    text = recording.read_text()
    recording.write_text(text.replace('"core:sample_start": 0', '"core:sample_start": "first"'))
    return recording


RECORDINGS = {
    "not there": (lambda record, path: path.with_suffix(".sigmf-meta"), ["no recording"]),
    "no data": (without_data, ["bad.sigmf-data", "missing"]),
    "short": (short, ["256 samples", "got 100", "cut short"]),
    "cut inside a sample": (cut_in_a_sample, ["whole cf32_le samples", "got 803", "cut short"]),
    "empty": (without_samples, ["bad.sigmf-data", "no samples"]),
    "unknown data type": (
        lambda record, path: record(path, datatype="cf32_el"),
        ["'cf32_el'", "did you mean cf32_le"],
    ),
    "real data type": (
        lambda record, path: record(path, datatype="rf32_le"),
        ["rf32_le", "--analytic"],
    ),
    "wrong checksum": (lambda record, path: record(path, sha512="0" * 128), ["core:sha512"]),
    "several channels": (
        lambda record, path: record(path, num_channels=2),
        ["2 channels", "--channel"],
    ),
    "not a number": (
        lambda record, path: record(path, [1, complex("nan"), 1j]),
        ["finite", "1 NaN", "of 3"],
    ),
    "nothing but zeros": (lambda record, path: record(path, np.zeros(256)), ["zeros"]),
    "not JSON": (not_json, ["JSON"]),
    "captures that start nowhere": (with_strange_captures, ["bad.sigmf-meta"]),
}


@pytest.mark.parametrize(("make", "words"), RECORDINGS.values(), ids=list(RECORDINGS))
def test_a_bad_recording_is_named(refused, made, here, record, make, words):
    bad = make(record, here / "bad")
    refused("classify", bad, "--model", made["classifier"], words=["bad", *words])


def test_every_recording_of_a_collection_is_answered(rfmae, made, here, record):
    for name in ("one", "two"):
        record(here / name)
    streams = [{"name": name, "hash": ""} for name in ("one", "two")]
    (here / "all.sigmf-collection").write_text(
        json.dumps({"collection": {"core:streams": streams}})
    )
    said = rfmae("classify", "all.sigmf-collection", "--model", made["classifier"], "--json")
    names = [each["recording"] for each in json.loads(said.stdout)]
    assert names == ["one.sigmf-meta", "two.sigmf-meta"]


def test_no_recording_is_answered_before_all_are_read(refused, made, here, record):
    bad = short(record, here / "bad")
    refused("classify", made["recording"], bad, "--model", made["classifier"], words=["bad"])


# output folders -----------------------------------------------------------------------------

WRITES = {
    "synth": "synth --recipe tiny.toml --out {out}",
    "pretrain": "pretrain --data {data} --preset tiny --epochs 1 --out {out}",
    "finetune": "finetune --data {data} --preset tiny --epochs 1 --out {out}",
    "eval-snr": "eval-snr --data {data} --model {classifier} --out {out}",
    "eval-denoise": "eval-denoise --data {data} --model {denoiser} --out {out}",
    "quickstart": "quickstart --workers 1 --labels 8 --recipe tiny.toml --out {out}",
}
OUT = {
    "holds other files": ("thesis", ["thesis", "other files", "--out"]),
    "is a file": ("file", ["file is a file", "folder"]),
    "lies under a file": ("file/out", ["file/out", "a part of the path is a file"]),
}


@pytest.mark.parametrize(("out", "words"), OUT.values(), ids=list(OUT))
@pytest.mark.parametrize("command", WRITES.values(), ids=list(WRITES))
def test_an_output_folder_that_cannot_be_had_is_named(
    refused, made, here, tiny_toml, command, out, words
):
    (here / "tiny.toml").write_text(tiny_toml)
    refused(*filled(command, {**made, "out": out}), words=words)


@pytest.mark.parametrize("command", ["synth", "pretrain"])
def test_an_output_folder_with_too_long_a_name_is_named(refused, made, here, tiny_toml, command):
    (here / "tiny.toml").write_text(tiny_toml)
    refused(*filled(WRITES[command], {**made, "out": "x" * 300}), words=["xxx"])


@pytest.mark.parametrize("command", ["pretrain", "finetune"])
def test_a_run_that_exists_is_not_touched_without_resume(refused, made, here, command):
    RunFolder(here / "run").start({"stage": command}, {}, 1)
    refused(*filled(EVERY_RUN[command], made), words=["run", "exists", "--resume", "--out"])


@pytest.mark.parametrize("command", ["pretrain", "finetune"])
def test_a_run_of_other_settings_is_not_resumed(refused, made, here, command):
    RunFolder(here / "run").start({"stage": "another"}, {}, 1)
    words = ["cannot resume", "'another'", "--out"]
    refused(*filled(f"{EVERY_RUN[command]} --resume", made), words=words)


def test_a_data_set_is_not_taken_for_a_run(refused, made, copied):
    data = copied(made["data"])
    command = "pretrain --data {data} --preset tiny --epochs 1 --resume --out {out}"
    words = ["holds a dataset, not a run"]
    refused(*filled(command, {**made, "out": data}), words=words)


# a full disk and Ctrl-C ---------------------------------------------------------------------

FULL = {
    "the system": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "HDF5": OSError("Can't write data (errno = 28, error message = 'No space left on device')"),
    "safetensors": SafetensorError("I/O error: No space left on device (os error 28)"),
}


def assert_disk_is_full(result):
    """Stages that are done may come before; the last line is the error and the only one."""
    assert result.exit_code == 2, f"{result.exit_code}, {result.exception!r}, {result.stderr}"
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("error: ")] == lines[-1:]
    assert "no space left on the disk" in lines[-1]
    assert "--out" in lines[-1]
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def failing_after(function, calls, error):
    made = []

    def failing(*arguments, **options):
        made.append(1)
        if len(made) > calls:
            raise error
        return function(*arguments, **options)

    return failing


@pytest.mark.parametrize("source", ["the system", "HDF5"])
def test_a_full_disk_leaves_nothing_of_a_data_set(rfmae, here, tiny_toml, monkeypatch, source):
    (here / "tiny.toml").write_text(tiny_toml)
    full = failing_after(h5py.Dataset.__setitem__, 4, FULL[source])
    monkeypatch.setattr(h5py.Dataset, "__setitem__", full)
    assert_disk_is_full(rfmae("synth", "--recipe", "tiny.toml", "--out", "out"))
    assert sorted(tree(here)) == ["tiny.toml"]


def test_a_full_disk_leaves_nothing_of_a_report(rfmae, made, here, monkeypatch):
    before = tree(here)
    monkeypatch.setattr(Figure, "savefig", failing_after(Figure.savefig, 0, FULL["the system"]))
    command = f"{ON_A_DEVICE['eval-snr']} --no-cost --no-open-set"
    assert_disk_is_full(rfmae(*filled(command, made)))
    assert tree(here) == before


@pytest.mark.parametrize("source", ["the system", "safetensors"])
def test_a_full_disk_leaves_no_half_checkpoint_and_the_run_goes_on_later(
    rfmae, made, here, monkeypatch, source
):
    with monkeypatch.context() as patch:
        full = failing_after(checkpoint_module.save_file, 0, FULL[source])
        patch.setattr(checkpoint_module, "save_file", full)
        assert_disk_is_full(rfmae(*filled(EVERY_RUN["pretrain"], made)))
    assert list((here / "run" / "checkpoints").iterdir()) == []
    result = rfmae(*filled(f"{EVERY_RUN['pretrain']} --resume", made))
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"


def test_a_full_disk_at_the_log_of_a_run_is_one_line(rfmae, made, monkeypatch):
    open_file = Path.open

    def full(path, mode="r", *arguments, **options):
        if path.name == "metrics.jsonl" and mode != "r":
            raise FULL["the system"]
        return open_file(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    assert_disk_is_full(rfmae(*filled(EVERY_RUN["pretrain"], made)))


def test_a_full_disk_at_the_start_of_a_run_does_not_block_its_folder(
    rfmae, made, here, monkeypatch
):
    write_text = Path.write_text

    def full(path, text, **options):
        write_text(path, text[:10], **options)
        raise FULL["the system"]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        assert_disk_is_full(rfmae(*filled(EVERY_RUN["pretrain"], made)))
    assert list(here.glob("run/*")) == []
    result = rfmae(*filled(EVERY_RUN["pretrain"], made))
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"


def test_ctrl_c_is_one_line_and_what_is_done_is_gone_on_with(rfmae, here, tiny_toml, monkeypatch):
    (here / "tiny.toml").write_text(tiny_toml)

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writing, "synthesise", stopped)
        result = rfmae("synth", "--recipe", "tiny.toml", "--out", "out")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].startswith("error: interrupted")
    assert "Traceback" not in result.stderr
    assert not (here / "out").exists()
    assert (here / ".out.partial").is_dir()
    assert rfmae("synth", "--recipe", "tiny.toml", "--out", "out").exit_code == 0
    assert not (here / ".out.partial").exists()


# as the user sees it: processes of their own ------------------------------------------------


def process(script, arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )


IN_TURN = """
import json, os, sys
from rfmae_cli.start import main
for name, arguments in json.loads(sys.argv[1]).items():
    for stream in (1, 2):  # of the process, to which libraries in C write, too
        os.dup2(os.open(f"{name}.{stream}", os.O_WRONLY | os.O_CREAT), stream)
    sys.argv[1:] = arguments
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    sys.stdout.flush(), sys.stderr.flush()
    with open(f"{name}.code", "w") as file:
        file.write(str(code))
"""
"""Runs commands one after the other, each with files of its own for what it writes."""

BAD_COMMANDS = {
    "grid": ("synth --snr 10:-10", ["'10:-10'", "write -10:10"]),
    "modulation": ("synth --recipe wrong.toml", ["wrong.toml", "'8PKS'", "8PSK"]),
    "occupied": ("synth --recipe tiny.toml --out thesis", ["thesis", "other files", "--out"]),
    "checksum": (
        "classify other.sigmf-meta --model {classifier}",
        ["other.sigmf-data", "core:sha512"],
    ),
    "not finite": (
        "classify nan.sigmf-meta --model {classifier}",
        ["nan.sigmf-meta", "1 NaN", "of 3"],
    ),
    "wrong kind": ("eval-snr --data {data} --model {denoiser}", ["a classifier is required"]),
}


def test_a_process_of_its_own_writes_one_line_too(made, here, record, tiny_toml):
    (here / "tiny.toml").write_text(tiny_toml)
    (here / "wrong.toml").write_text(tiny_toml.replace('"BPSK"', '"8PKS"'))
    record(here / "other", sha512="0" * 128)
    record(here / "nan", [1, complex("nan"), 1j])
    before = tree(here)
    commands = {name: filled(command, made) for name, (command, _) in BAD_COMMANDS.items()}
    done = process(IN_TURN, [json.dumps(commands)])
    assert done.returncode == 0, done.stderr
    for name, (_, words) in BAD_COMMANDS.items():
        code, stdout, stderr = (
            (here / f"{name}.{part}").read_text() for part in ("code", "1", "2")
        )
        assert_one_line(int(code), stderr, words)
        assert stdout == ""
        for part in ("code", "1", "2"):
            (here / f"{name}.{part}").unlink()
    assert tree(here) == before


def test_a_process_ends_with_the_code_of_its_command(here):
    done = process(RUN_COMMAND, ["synth", "--snr", "10:-10"])
    assert_one_line(done.returncode, done.stderr, ["'10:-10'", "write -10:10"])
    assert done.stdout == ""


def test_files_that_may_not_grow_are_one_line(here, tiny_toml):
    longer = tiny_toml.replace("symbols_per_example = 64", "symbols_per_example = 1024")
    (here / "longer.toml").write_text(longer.replace("train = 2", "train = 20"))
    # the system stops the files of this process at 100 KB, and HDF5 itself has to report it
    limited = (
        "import resource, signal; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
    )
    done = process(limited + RUN_COMMAND, ["synth", "--recipe", "longer.toml", "--out", "out"])
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: cannot write out")
    assert done.returncode == 2
    assert sorted(tree(here)) == ["longer.toml"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 9 GiB"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        OSError(errno.EIO, "Input/output error", "lost.h5"),
    ],
)
def test_a_fault_of_the_machine_is_one_line(rfmae, here, tiny_toml, monkeypatch, error):
    (here / "tiny.toml").write_text(tiny_toml)
    monkeypatch.setattr(writing, "synthesise", failing_after(writing.synthesise, 0, error))
    result = rfmae("synth", "--recipe", "tiny.toml", "--out", "out")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert isinstance(result.exception, SystemExit)
