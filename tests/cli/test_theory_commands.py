"""What is possible: ceiling, and the likelihood receiver among the models of eval-snr."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rfmae.datasets.recipe import load_recipe, parse_recipe
from rfmae.datasets.store import write_dataset
from rfmae.errors import RecipeError
from rfmae.workflows.ceilings import (
    ceiling,
    ceiling_spec_of,
    image_whats,
    known_ceiling,
    known_ceilings,
)

DOCS = Path(__file__).parents[2] / "docs"
SMALL = "ceiling --classes BPSK,QPSK,DQPSK --snr -6:6:6 --symbols 32 --frames 20"


def answer(result):
    """Standard output of a command that must succeed."""
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"
    return result.stdout


def refused(result, here):
    """The one line on standard error of a command that must refuse and leave nothing."""
    assert result.exit_code == 2, f"{result.exit_code}, {result.exception!r}, {result.stderr}"
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert not (here / "artifacts").exists()
    return result.stderr


def test_a_ceiling_is_shown_as_a_table_with_its_notes(rfmae, here):
    output = answer(rfmae(*SMALL.split()))
    assert [f"\n{snr_db} " in output for snr_db in ("−6", 0, 6)] == [True] * 3
    assert "QPSK and DQPSK send the same signals" in output
    assert "32 symbols, phase unknown" in output
    (folder,) = (here / "artifacts" / "ceilings").iterdir()
    assert {path.name for path in folder.iterdir()} == {
        "card.json", "ceiling.json", "ceiling.csv", "ceiling.png",
    }  # fmt: skip


def test_a_ceiling_is_json_on_request_and_computed_once(rfmae):
    first = rfmae(*SMALL.split(), "--json", "--out", "mine")
    message = json.loads(answer(first))
    assert message["classes"] == ["BPSK", "QPSK", "DQPSK"]
    assert message["mean_posterior"][2] == pytest.approx(2 / 3, abs=0.01)
    assert message["merged_mean_posterior"][2] == pytest.approx(1, abs=0.01)
    again = rfmae(*SMALL.split(), "--json", "--out", "mine")
    assert "is there already" in again.stderr
    assert json.loads(answer(again)) == message
    other = rfmae(*SMALL.split(), "--seed", 1, "--out", "mine", "--json")
    assert json.loads(answer(other))["hit_rate"] != message["hit_rate"]


def test_images_have_a_ceiling_of_their_own(rfmae):
    output = rfmae(*SMALL.split(), "--planes", "symbols,differential", "--json")
    message = json.loads(answer(output))
    assert message["kind"] == "symbols, differential"
    assert message["is_bound"] is False


def test_images_have_a_ceiling_of_receivers_that_do_not_know_the_snr(rfmae, here):
    options = ("--planes", "symbols", "--unknown", "snr")
    message = json.loads(answer(rfmae(*SMALL.split(), *options, "--json")))
    assert (message["kind"], message["snr"], message["is_bound"]) == ("symbols", "unknown", False)
    output = answer(rfmae(*SMALL.split(), *options))
    assert "symbols, SNR unknown" in output
    assert "phase, snr unknown to the receiver" in output


def test_a_recipe_means_its_link(rfmae, here, tiny_toml):
    (here / "tiny.toml").write_text(tiny_toml)
    message = json.loads(answer(rfmae("ceiling", "-r", "tiny.toml", "--frames", 10, "--json")))
    assert message["classes"] == ["BPSK", "16QAM", "GMSK"]
    assert (message["symbols_per_example"], message["phase"]) == (64, "unknown")


WRONG = {
    "both": ("--recipe awgn-ten --classes BPSK,QPSK", ["--classes", "one of them"]),
    "analogue": ("--recipe radio-24", ["AM-SSB-WC", "AM-DSB-SC", "WBFM", "--classes"]),
    "one class": ("--classes BPSK", ["two classes", "BPSK"]),
    "unknown class": ("--classes BPSK,8PKS", ["'8PKS'", "8PSK"]),
    "unknown plane": ("--classes BPSK,QPSK --planes symbol", ["'symbol'", "symbols"]),
    "pixels, SNR unknown": (
        "--classes BPSK,QPSK --planes symbols --pixels 8 --unknown snr",
        ["pixels", "one SNR", "leave it or the pixels out"],
    ),
    "image, amplitude unknown": (
        "--classes BPSK,QPSK --planes symbols --unknown amplitude",
        ["known amplitude", "leave it or the planes out"],
    ),
    "published picture, SNR unknown": (
        "--recipe legacy --planes trajectory --unknown snr",
        ["published signals", "leave out --phase, --unknown"],
    ),
    "unknown phase": ("--classes BPSK,QPSK --phase unclear", ["--phase", "'unclear'"]),
    "wrong grid": ("--classes BPSK,QPSK --snr 6:-6", ["'6:-6'"]),
    "unknown recipe": ("--recipe awgn-tenn", ["awgn-ten"]),
}


@pytest.mark.parametrize(("options", "words"), WRONG.values(), ids=list(WRONG))
def test_what_has_no_ceiling_is_refused_with_the_way_out(rfmae, here, options, words):
    output = refused(rfmae("ceiling", *options.split()), here)
    assert [word for word in words if word not in output] == []


IMPAIRED = {
    "timing_offset_symbols": 'timing_offset_symbols = "uniform"',
    "fading": 'fading = { kind = "rayleigh" }',
    "quantiser_bits": "quantiser_bits = 4",
    "snr_offset_db": "snr_offset_db = [-0.5, 0.5]",
    "phase_offset_turns": "phase_offset_turns = [0.0, 0.1]",
}


@pytest.mark.parametrize(("name", "line"), IMPAIRED.items(), ids=list(IMPAIRED))
def test_a_channel_that_no_likelihood_knows_is_named(tiny_toml, name, line):
    text = tiny_toml.replace('snr = "0:10:10"', f'snr = "0:10:10"\n{line}').replace(
        "samples_per_symbol = 2", 'samples_per_symbol = 4\nreceiver = { observe = "waveform" }'
    )
    text = text.replace(
        "size = 32", 'size = 32\nplanes = [{ what = "trajectory", half_width = 5 }]'
    )
    with pytest.raises(RecipeError, match=name):
        ceiling_spec_of(parse_recipe(text))


def test_images_of_a_trajectory_have_a_ceiling_after_the_matched_filter_alone(tiny_toml):
    received = tiny_toml.replace(
        "samples_per_symbol = 2", 'samples_per_symbol = 4\nreceiver = { observe = "waveform" }'
    ).replace("size = 32", 'size = 32\nplanes = [{ what = "trajectory", half_width = 5 }]')
    recipe = parse_recipe(received)
    assert ceiling_spec_of(recipe).planes == ()  # the sequence holds both
    with pytest.raises(RecipeError, match=r"show trajectory .* but this recipe draws it as rece"):
        ceiling_spec_of(recipe, image_whats(recipe))
    filtered = parse_recipe(received.replace('"waveform" }', '"waveform", waveform = "filtered" }'))
    assert ceiling_spec_of(filtered, image_whats(filtered)).planes == ("trajectory",)


def test_what_the_receiver_takes_away_is_no_matter(tiny_toml):
    text = tiny_toml.replace(
        'snr = "0:10:10"', 'snr = "0:10:10"\ntiming_offset_symbols = "uniform"'
    )
    assert ceiling_spec_of(parse_recipe(text)).key == ceiling_spec_of(
        parse_recipe(tiny_toml)
    ).key  # fmt: skip


def test_the_phase_is_known_where_it_is_fixed_or_taken_away(tiny_toml):
    fixed = tiny_toml.replace('"0:10:10"', '"0:10:10"\nphase_offset_turns = "none"')
    undone = tiny_toml.replace(
        "samples_per_symbol = 2", 'samples_per_symbol = 2\nreceiver = { phase = "known" }'
    )
    phases = [ceiling_spec_of(parse_recipe(text)).phase for text in (tiny_toml, fixed, undone)]
    assert phases == ["unknown", "known", "known"]


def test_seed_splits_and_image_size_do_not_decide_a_ceiling(tiny_recipe, tiny_toml):
    text = tiny_toml.replace("seed = 7", "seed = 8").replace("size = 32", "size = 64")
    other = parse_recipe(text.replace("train = 2", "train = 20"))
    for planes in ((), image_whats(tiny_recipe)):
        assert ceiling_spec_of(other, planes).key == ceiling_spec_of(tiny_recipe, planes).key


def test_ceilings_of_a_folder_are_found_without_computing(tiny_recipe, tmp_path):
    spec = ceiling_spec_of(tiny_recipe)
    assert known_ceilings(tiny_recipe, tmp_path) == {}
    message = ceiling(spec, tmp_path / "one", frames=10)
    assert list(known_ceilings(tiny_recipe, tmp_path)) == ["sequence"]
    assert (known_ceiling(spec, tmp_path).hit_rate == message.ceiling.hit_rate).all()


@pytest.fixture
def low_sequence(tiny_recipe, tmp_path):
    """A home in which the sequence of the tiny recipe is output to allow no more than 40 %."""
    folder = tmp_path / "low" / "sequence"
    path = ceiling(ceiling_spec_of(tiny_recipe), folder, frames=4).folder / "ceiling.json"
    message = json.loads(path.read_text())
    for name in ("mean_posterior", "merged_mean_posterior"):
        message[name] = [0.4 for _ in message[name]]
    path.write_text(json.dumps(message))
    return folder.parent


@pytest.mark.parametrize("snr", ["known", "unknown"])
def test_no_image_allows_more_than_its_sequence(tiny_recipe, low_sequence, snr, tmp_path):
    spec = replace(ceiling_spec_of(tiny_recipe, image_whats(tiny_recipe)), snr=snr)
    before = ceiling(spec, tmp_path / "images", frames=6)
    assert before.ceiling.accuracy.max() > 0.5  # nothing is known beside it
    (tmp_path / "images").rename(low_sequence / "images")
    after = ceiling(spec, low_sequence / "images", frames=6)  # is there already
    anew = ceiling(spec, low_sequence / "anew", frames=6)
    kept = json.loads((low_sequence / "anew" / "ceiling.json").read_text())
    assert max(kept["hit_rate"]) <= 0.4
    found = known_ceilings(tiny_recipe, low_sequence)
    assert list(found) == ["sequence", spec.name]
    for message in (after.ceiling, anew.ceiling, found[spec.name]):
        assert (message.accuracy <= found["sequence"].accuracy).all()
        assert (message.accuracy == np.minimum(before.ceiling.accuracy, 0.4)).all()


def test_a_receiver_may_have_to_find_out_more_and_see_pixels_alone(rfmae, here):
    options = ("ceiling", "--classes", "BPSK,QPSK", "--symbols", 16, "--snr", "0", "--frames", 20)
    blind = json.loads(
        answer(rfmae(*options, "--unknown", "snr,amplitude", "--json", "--out", "a"))
    )
    assert (blind["phase"], blind["snr"], blind["amplitude"]) == ("unknown",) * 3
    seen = ("--planes", "symbols", "--pixels", 24)
    picture = json.loads(answer(rfmae(*options, *seen, "--json", "--out", "b")))
    assert picture["kind"] == "symbols in 24 × 24 pixels"


@pytest.mark.parametrize("name", ["awgn-ten", "awgn-ten-quick", "sdr-linear", "legacy"])
def test_ceilings_of_recipes_come_with_rfmae(name):
    recipe = load_recipe(name)
    found = known_ceilings(recipe)
    published = recipe.source.kind == "published"
    kinds = [(item.kind == "sequence", item.snr) for item in found.values()]
    images = [(False, "known")] if published else [(False, "unknown"), (False, "known")]
    assert kinds == [(True, "known"), *images]
    assert {item.snr_db for item in found.values()} == {recipe.source.channel.snr_db}
    assert all((item.accuracy <= found["sequence"].accuracy).all() for item in found.values())


@pytest.mark.parametrize("name", ["awgn-ten-planes", "awgn-ten-symbols"])
def test_what_docs_results_measures_has_a_fair_ceiling(name):
    found = known_ceilings(load_recipe(DOCS / "results" / f"{name}.toml"))
    sequence, fair, message = found.values()
    assert (sequence.name, fair.snr, message.snr) == ("sequence", "unknown", "known")
    assert fair.kind == message.kind != "sequence"
    # of 21 points, each some two points off at most
    assert fair.accuracy.mean() < message.accuracy.mean() + 0.01


def test_the_published_data_has_a_ceiling_of_eighty_per_cent():
    found = known_ceilings(load_recipe("legacy"))["sequence"]
    # two pairs of equal classes among ten
    assert found.mean_posterior[-1] == pytest.approx(0.8, abs=0.005)


def test_a_recipe_without_likelihood_has_no_known_ceiling():
    assert known_ceilings(load_recipe("radio-24")) == {}


# the likelihood receiver ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def linear(tiny_toml, tmp_path_factory):
    """A data set of symbols of classes without memory."""
    text = tiny_toml.replace('"GMSK"', '"QPSK"')
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("made") / "linear")


@pytest.mark.usefixtures("no_figures")
def test_the_likelihood_receiver_is_evaluated_as_any_model(rfmae, linear):
    names = ["likelihood", "likelihood-blind"]
    models = [word for name in names for word in ("--model", name)]
    brief = ("--no-cost", "--no-open-set", "--json")
    message = json.loads(answer(rfmae("eval-snr", "--data", linear.folder, *models, *brief)))
    assert list(message["accuracy"]) == names
    assert message["accuracy"]["likelihood"]["accuracy_per_snr"][-1] == 1
    assert message["provenance"]["models"]["likelihood"]["kind"] == "likelihood receiver"


def test_the_likelihood_receiver_refuses_waveforms_that_were_filtered(
    rfmae, tiny_toml, tmp_path_factory
):
    receiver = 'receiver = { observe = "both", waveform = "filtered" }'
    text = tiny_toml.replace("[source]\n", f"[source]\n{receiver}\n")
    made = write_dataset(parse_recipe(text), tmp_path_factory.mktemp("made") / "filtered")
    output = rfmae("eval-snr", "--data", made.folder, "--model", "likelihood")
    assert (output.exit_code, output.stderr.count("\n")) == (2, 1)
    assert "have passed the matched filter" in output.stderr
    assert 'waveform = "received"' in output.stderr


def test_the_likelihood_receiver_refuses_symbols_of_classes_with_memory(rfmae, here, dataset):
    output = refused(rfmae("eval-snr", "--data", dataset.folder, "--model", "likelihood"), here)
    assert "GMSK needs the waveform" in output
    assert 'observe = "both"' in output
