"""Recipes are read strictly, and what is wrong is named with the way out."""

import dataclasses
import tomllib

import pytest

from rfmae.datasets.recipe import (
    SPLITS,
    known_recipes,
    load_recipe,
    parse_recipe,
    recipe_to_toml,
)
from rfmae.errors import RecipeError, UnitError
from rfmae.records import IMAGE_ALONE, TRAJECTORY_PLANES, ImageConfig, Modality


def changed(toml, old, new):
    assert old in toml
    return toml.replace(old, new)


# reading what is right ----------------------------------------------------------------------


def test_a_recipe_reads_back_from_its_own_toml(tiny_recipe):
    text = recipe_to_toml(tiny_recipe)
    assert parse_recipe(text) == tiny_recipe
    assert recipe_to_toml(parse_recipe(text)) == text


@pytest.mark.parametrize(
    "about", ['says "so"', "back\\slash", "tab\there", "µ, 中, 🛰", "a # b = [c]", "\x7f", "\x01"]
)
def test_any_text_reads_back_from_its_own_toml(tiny_recipe, about):
    recipe = dataclasses.replace(tiny_recipe, about=about)
    assert parse_recipe(recipe_to_toml(recipe)).about == about


@pytest.mark.parametrize("rolloff", ["1", "1.0", "1e-3", "0.35"])
def test_any_spelling_of_a_number_reads_back_and_keeps_its_fingerprint(tiny_toml, rolloff):
    recipe = parse_recipe(tiny_toml + f"\n[source.pulse]\nrolloff = {rolloff}\n")
    assert recipe.source.pulse.rolloff == float(rolloff)
    assert parse_recipe(recipe_to_toml(recipe)).fingerprint == recipe.fingerprint


def test_defaults_are_written_out(tiny_recipe):
    table = tomllib.loads(recipe_to_toml(tiny_recipe))
    pulse = {"shape": "rrc", "rolloff": 0.35, "span_symbols": 12, "bt": 0.5}
    assert table["source"]["pulse"] == pulse
    assert table["source"]["receiver"]["observe"] == "symbols"
    channel = table["source"]["channel"]
    assert channel["snr_reference"] == "symbol"
    assert channel["phase_offset_turns"] == "uniform"
    assert channel["fading"]["kind"] == "none"
    assert channel["quantiser_bits"] == "none"
    assert [plane["half_width"] for plane in table["image"]["planes"]] == [5, 25, 50]
    assert table["image"]["units"] == "rms"


def test_a_default_that_is_spelled_out_leaves_the_fingerprint(tiny_toml, tiny_recipe):
    spelled = parse_recipe(tiny_toml + '\n[source.pulse]\nshape = "rrc"\nrolloff = 0.35\n')
    assert spelled.fingerprint == tiny_recipe.fingerprint


def test_the_order_of_keys_leaves_the_fingerprint(tiny_toml, tiny_recipe):
    moved = changed(tiny_toml, "train = 2\nvalidation = 1", "validation = 1\ntrain = 2")
    assert parse_recipe(moved).fingerprint == tiny_recipe.fingerprint


def test_a_fingerprint_is_eight_hexadecimal_digits_in_the_name_of_the_folder(tiny_recipe):
    assert len(tiny_recipe.fingerprint) == 8
    assert int(tiny_recipe.fingerprint, 16) >= 0
    assert tiny_recipe.folder_name == f"tiny-{tiny_recipe.fingerprint}"


def test_the_examples_of_a_split_are_classes_times_points_times_count(tiny_recipe):
    assert [tiny_recipe.examples(split) for split in SPLITS] == [12, 6, 6]


def test_snr_and_seed_can_be_changed_without_touching_the_rest(tiny_recipe):
    other = tiny_recipe.with_snr("-4:4:4").with_seed(8)
    assert other.source.channel.snr_db == (-4.0, 0.0, 4.0)
    assert other.seed == 8
    assert other.with_snr("0:10:10").with_seed(7) == tiny_recipe


EVERYTHING = """
[source.receiver]
observe = "both"
timing = "none"
phase = "viterbi-viterbi"

[source.parameters]
GMSK = {bt = 0.25, pulse_symbols = 7}

[source.channel.fading]
kind = "rician"
k_factor_db = [0, 6]
doppler_turns_per_symbol = 0.01
delays_symbols = [0.0, 1.5]
powers_db = [0.0, -3.0]

[source.channel.interference]
carrier_to_interference_db = [3.0, 9.0]
modulation = "8PSK"

[source.channel.impulses]
probability = 0.01
"""


def test_every_table_reads_back_from_its_own_toml(tiny_toml, tiny_recipe):
    recipe = parse_recipe(tiny_toml + EVERYTHING)
    assert parse_recipe(recipe_to_toml(recipe)) == recipe
    assert recipe.fingerprint != tiny_recipe.fingerprint
    assert recipe.views == ("symbols", "waveform")
    assert [recipe.samples(view) for view in recipe.views] == [64, 128]
    assert recipe.source.channel.fading.k_factor_db == (0.0, 6.0)
    gmsk = recipe.modulations[2]
    assert (gmsk.continuous_phase.bt, gmsk.continuous_phase.pulse_symbols) == (0.25, 7)


def test_names_with_a_greek_letter_read_back(tiny_toml):
    recipe = parse_recipe(changed(tiny_toml, '"GMSK"', '"π/4-DQPSK"'))
    assert parse_recipe(recipe_to_toml(recipe)) == recipe


@pytest.mark.parametrize("rate", [2, 2.5, 250 / 81, 8.0])
def test_any_rate_reads_back(tiny_toml, rate):
    text = changed(tiny_toml, "samples_per_symbol = 2", f"samples_per_symbol = {rate!r}")
    recipe = parse_recipe(text)
    assert recipe.samples_per_symbol("waveform") == pytest.approx(rate)
    assert recipe.samples_per_symbol("symbols") == 1.0
    assert parse_recipe(recipe_to_toml(recipe)).fingerprint == recipe.fingerprint


def test_what_is_drawn_for_each_example_is_named(tiny_toml):
    recipe = parse_recipe(tiny_toml + EVERYTHING)
    assert recipe.drawn_names == recipe.source.channel.drawn_names
    assert set(recipe.drawn_names) == {
        "phase_offset_turns",
        "doppler_turns_per_symbol",
        "k_factor_db",
        "carrier_to_interference_db",
        "interferer_offset_turns_per_symbol",
        "impulse_probability",
        "impulse_ratio_db",
    }


# reading what is wrong ----------------------------------------------------------------------

WRONG = {
    # keys
    "unknown key at the top": ("seed = 7", "sede = 7", ["unknown key 'sede'", "seed"]),
    "unknown key in a table": (
        "samples_per_symbol = 2",
        "sample_per_symbol = 2",
        ["unknown key 'source.sample_per_symbol'", "did you mean samples_per_symbol"],
    ),
    "unknown key in a nested table": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nsnr_refrence = "symbol"',
        ["unknown key 'source.channel.snr_refrence'", "did you mean snr_reference"],
    ),
    "unknown table": ("[image]", "[imaging]", ["unknown key 'imaging'", "did you mean image"]),
    "missing key at the top": ("seed = 7\n", "", ["missing key 'seed'"]),
    "missing key in a table": ("train = 2\n", "", ["missing key 'splits.train'"]),
    "missing key in a nested table": (
        'snr = "0:10:10"',
        'phase_offset_turns = "none"',
        ["missing key 'source.channel.snr'"],
    ),
    "missing table": ('[source.channel]\nsnr = "0:10:10"', "", ["missing key 'source.channel'"]),
    # types
    "text for a whole number": ("seed = 7", 'seed = "7"', ["seed must be a whole number", "'7'"]),
    "fraction for a whole number": ("train = 2", "train = 2.5", ["splits.train", "whole", "2.5"]),
    "truth for a whole number": ("seed = 7", "seed = true", ["seed must be a whole number"]),
    "number for a text": ('"0:10:10"', "10", ["source.channel.snr must be a text", "10"]),
    "text for a list": ('["BPSK", "16QAM", "GMSK"]', '"BPSK"', ["must be a list", "BPSK"]),
    "number in a list of texts": ('"GMSK"', "16", ["source.modulations[2] must be a text", "16"]),
    "truth in a list": (
        "size = 32",
        "planes = [{ half_width = 5 }, { half_width = true }]",
        ["image.planes[1].half_width must be a whole number", "True"],
    ),
    "text for a number": ("size = 32", 'extent = "2.5"', ["image.extent must be a finite number"]),
    "number for a table": (
        "samples_per_symbol = 2",
        "pulse = 2",
        ["source.pulse must be a table", "2"],
    ),
    "list for a literal": ("size = 32", 'units = ["rms"]', ["image.units must be 'rms'"]),
    # closed choices
    "wrong reference": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nsnr_reference = "chip"',
        ["source.channel.snr_reference must be 'symbol' or 'bit' or 'sample'", "'chip'"],
    ),
    "reference of a public data set": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nsnr_reference = "dataset"',
        ["source.channel.snr_reference must be", "'dataset'"],
    ),
    "wrong phase": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nphase_offset_turns = "random"',
        ["phase_offset_turns must be a number", "'none' or 'uniform'", "'random'"],
    ),
    "truth for an effect": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nclip_level_rms = true',
        [
            "source.channel.clip_level_rms must be a text or a finite number or a list",
            "a list",
            "True",
        ],
    ),
    "table for an effect": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nclip_level_rms = {low = 1}',
        [
            "source.channel.clip_level_rms must be a text or a finite number or a list",
            "a list",
        ],
    ),
    "list of words for an effect": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nclip_level_rms = ["low", "high"]',
        [
            "source.channel.clip_level_rms must be a text or a finite number or a list",
            "a list",
        ],
    ),
    "range downwards": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nclip_level_rms = [2, 1]',
        ["clip_level_rms must be [lowest, highest]", "[2.0, 1.0]"],
    ),
    "bits of a converter that are not whole": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nquantiser_bits = 7.5',
        ["quantiser_bits must be whole", "7.5"],
    ),
    "unknown fading": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nfading = {kind = "nakagami"}',
        ["source.channel.fading.kind must be", "'nakagami'"],
    ),
    "Rician fading without a line of sight": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nfading = {kind = "rician"}',
        ["k_factor_db belongs to fading kind 'rician'"],
    ),
    "unknown key of a fading": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nfading = {kind = "rayleigh", dopler_turns_per_symbol = 0.1}',
        ["source.channel.fading.dopler_turns_per_symbol", "did you mean doppler"],
    ),
    "unknown interferer": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\ninterference = {carrier_to_interference_db = 3, modulation = "8PKS"}',
        ["unknown modulation '8PKS'"],
    ),
    "interferer that needs more samples": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\ninterference = {carrier_to_interference_db = 3, modulation = "8FSK"}',
        ["8FSK needs source.samples_per_symbol of at least 8", "got 2"],
    ),
    "delay that is no number": (
        'snr = "0:10:10"',
        'snr = "0:10:10"\nfading = {kind = "rayleigh", delays_symbols = [nan]}',
        ["delays_symbols", "nan"],
    ),
    "blocks of OFDM that are no whole samples": (
        'modulations = ["BPSK", "16QAM", "GMSK"]\nsymbols_per_example = 64\nsamples_per_symbol = 2',
        'modulations = ["BPSK", "OFDM-QPSK"]\nsamples_per_symbol = 3.0864197530864197',
        ["of OFDM-QPSK must be a whole number of samples", "64 chips"],
    ),
    "unknown view": (
        "symbols_per_example",
        'receiver = {observe = "spectrum"}\nsymbols_per_example',
        ["source.receiver.observe must be 'symbols' or 'waveform' or 'both'", "'spectrum'"],
    ),
    "timing from too few samples": (
        "symbols_per_example",
        'receiver = {timing = "oerder-meyr"}\nsymbols_per_example',
        ["timing 'oerder-meyr' needs", "at least 3", "got 2"],
    ),
    "parameters of a class that is not there": (
        "symbols_per_example",
        "parameters = {GFSK = {bt = 0.3}}\nsymbols_per_example",
        ["source.parameters names 'GFSK'", "did you mean GMSK"],
    ),
    "parameter that a class has not": (
        "symbols_per_example",
        "parameters = {GMSK = {index = 0.3}}\nsymbols_per_example",
        ["GMSK has no setting 'index'"],
    ),
    "word for a parameter": (
        "symbols_per_example",
        'parameters = {GMSK = {bt = "wide"}}\nsymbols_per_example',
        ["source.parameters.GMSK.bt must be"],
    ),
    "energy per bit without bits": (
        '"GMSK"]\nsymbols_per_example = 64\nsamples_per_symbol = 2\n\n[source.channel]',
        '"WBFM"]\nsymbols_per_example = 64\n\n[source.channel]\nsnr_reference = "bit"',
        ["snr_reference 'bit' needs classes that carry bits", "WBFM", "'symbol' or 'sample'"],
    ),
    "wrong source": (
        "symbols_per_example",
        'kind = "radioml"\nsymbols_per_example',
        ["source.kind must be 'synthetic'", "'radioml'"],
    ),
    # values
    "schema of tomorrow": ("schema = 1", "schema = 2", ["schema must be 1, got 2", "2"]),
    "name with capitals": ('name = "tiny"', 'name = "Tiny Set"', ["name must be", "'Tiny Set'"]),
    "name that climbs": ('name = "tiny"', 'name = "../tiny"', ["name must be", "'../tiny'"]),
    "no name": ('name = "tiny"', 'name = ""', ["name must be", "''"]),
    "seed below zero": ("seed = 7", "seed = -7", ["seed must be from 0 to", "-7"]),
    "unknown modulation": ('"BPSK"', '"8PKS"', ["unknown modulation '8PKS'", "8PSK"]),
    "alias": ('"16QAM"', '"QAM16"', ["source.modulations writes 16QAM as 'QAM16'; write 16QAM"]),
    "other case": ('"BPSK"', '"bpsk"', ["write BPSK"]),
    "repeated modulation": ('"GMSK"', '"BPSK"', ["source.modulations repeats a name", "BPSK"]),
    "one modulation": ('"BPSK", "16QAM", "GMSK"', '"BPSK"', ["must name at least two", "BPSK"]),
    "no modulation": ('"BPSK", "16QAM", "GMSK"', "", ["must name at least two"]),
    "too few samples for OQPSK": (
        'modulations = ["BPSK", "16QAM", "GMSK"]\nsymbols_per_example = 64\nsamples_per_symbol = 2',
        'modulations = ["BPSK", "OQPSK"]\nsamples_per_symbol = 1.5',
        ["OQPSK needs source.samples_per_symbol of at least 2", "1.5"],
    ),
    "too few samples for tones": ('"GMSK"', '"8FSK"', ["8FSK needs", "at least 8", "got 2"]),
    "one sample per symbol": ("per_symbol = 2", "per_symbol = 1", ["1.35 samples per symbol", "1"]),
    "no sample per symbol": ("per_symbol = 2", "per_symbol = 0", ["samples_per_symbol", "0"]),
    "too many samples": ("per_symbol = 2", "per_symbol = 2000", ["samples_per_symbol", "1,024"]),
    "samples that are no number": ("per_symbol = 2", "per_symbol = nan", ["samples_per_symbol"]),
    "a rate that is no small fraction": (
        "per_symbol = 2",
        "per_symbol = 2.7182818",
        ["samples_per_symbol must be a fraction", "the nearest is"],
    ),
    "too few symbols": ("example = 64", "example = 8", ["symbols_per_example", "16", "8"]),
    "no examples": ("test = 1", "test = 0", ["test must be from 1 to", "0"]),
    "examples below zero": ("train = 2", "train = -2", ["train must be from 1 to", "-2"]),
    "tiny image": ("size = 32", "size = 4", ["image size must be from 24 to 4,096", "4"]),
    "no extent": ("size = 32", "extent = 0", ["image extent must be positive", "0"]),
    "endless extent": ("size = 32", "extent = inf", ["image.extent", "inf"]),
    "extent that is no number": ("size = 32", "extent = nan", ["image.extent", "nan"]),
    "no planes": ("size = 32", "planes = []", ["image planes", "at least one"]),
    "kernel of nothing": (
        "size = 32",
        "planes = [{ half_width = 0 }]",
        ["half_width of a decay plane", "1 to 112"],
    ),
    "key that a plane does not have": (
        "size = 32",
        "planes = [{ width = 5 }]",
        ["unknown key 'image.planes[0].width'", "half_width"],
    ),
    "plane of waveforms without waveforms": (
        "size = 32",
        'planes = [{ what = "trajectory", how = "density" }]',
        ["'trajectory, density' is rendered from the waveform", "'symbols'", '"both"'],
    ),
    "lag longer than an example": (
        "size = 32",
        'planes = [{ what = "differential", how = "density", lag_symbols = 64 }]',
        ["lag_symbols", "fewer than the 64"],
    ),
    # the grid
    "grid downwards": ('"0:10:10"', '"10:0:10"', ["runs upwards", "10:0:10", "write 0:10:10"]),
    "grid in the order of MATLAB": ('"0:10:10"', '"-10:2:10"', ["write -10:10:2"]),
    "grid of words": ('"0:10:10"', '"low:high"', ["start:stop[:step]", "'low:high'"]),
    "grid of four": ('"0:10:10"', '"0:1:2:3"', ["start:stop[:step]", "'0:1:2:3'"]),
    "grid without end": ('"0:10:10"', '"0:inf"', ["start:stop[:step]", "'0:inf'"]),
    "no grid": ('"0:10:10"', '""', ["start:stop[:step]", "''"]),
    "step of zero": ('"0:10:10"', '"0:10:0"', ["step", "must be positive", "'0:10:0'"]),
    "step that does not fit": ('"0:10:10"', '"0:10:3"', ["must divide the range", "'0:10:3'"]),
    "SNR beyond every number": ('"0:10:10"', '"4000"', ["4000"]),
    "SNR below every number": ('"0:10:10"', '"-4000"', ["-4000"]),
}


@pytest.mark.parametrize(("old", "new", "words"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_recipe_is_refused_by_name(tiny_toml, old, new, words):
    with pytest.raises((RecipeError, UnitError)) as caught:
        parse_recipe(changed(tiny_toml, old, new))
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize(
    ("pulse", "words"),
    [
        ("rolloff = 0", ["rolloff must be", "0"]),
        ("rolloff = 1.5", ["rolloff must be", "1.5"]),
        ("rolloff = -0.2", ["rolloff must be", "-0.2"]),
        ("rolloff = nan", ["rolloff must be", "nan"]),
        ('shape = "triangular"', ["source.pulse.shape must be 'rrc' or", "'triangular'"]),
        ("bt = 0", ["bt must be positive", "0"]),
        ("rollof = 0.35", ["unknown key 'source.pulse.rollof'", "did you mean rolloff"]),
        ("span_symbols = 0", ["span_symbols must be", "0"]),
        ("span_symbols = 7", ["span_symbols must be", "7"]),
    ],
    ids=str,
)
def test_a_wrong_pulse_is_refused_by_name(tiny_toml, pulse, words):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"{tiny_toml}\n[source.pulse]\n{pulse}\n")
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    "text", ["", "schema = ", "[[source]]\n", "source = 1\n", "seed = 7\n" * 2]
)
def test_what_is_no_recipe_at_all_is_refused(text):
    with pytest.raises(RecipeError):
        parse_recipe(text)


PUBLISHED = """
schema = 1
name = "published"
about = "The signals of a public generator."
seed = 7

[source]
kind = "published"
modulations = ["GMSK", "4ASK", "OQPSK"]
symbols_per_example = 64
samples_per_symbol = 8
pulse = { shape = "rectangular" }
receiver = { observe = "waveform" }

[source.channel]
snr = "0:10:10"
snr_offset_db = [-0.5, 0.5]
snr_reference = "sample"
phase_offset_turns = "none"

[image]
planes = [{ what = "trajectory", half_width = 5 }]

[splits]
train = 2
validation = 1
test = 1
"""


def test_published_signals_have_rows_of_their_own():
    recipe = parse_recipe(PUBLISHED)
    assert [row.name for row in recipe.modulations] == ["GMSK", "4ASK", "OQPSK"]
    assert {abs(point) for point in recipe.modulations[1].points} == {1, 3}
    assert (recipe.views, recipe.samples("waveform")) == (("waveform",), 512)
    assert recipe.drawn_names == ("snr_offset_db",)
    assert parse_recipe(recipe_to_toml(recipe)) == recipe


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"OQPSK"', '"QPSK"', ["'QPSK' is none of the ten published classes", "DQPSK"]),
        ('"4ASK"', '"4ask"', ["'4ask' is none", "4ASK"]),
        ('"4ASK"', '"GMSK"', ["source.modulations repeats a name"]),
        ('shape = "rectangular"', 'shape = "rrc"', ['source.pulse = { shape = "rectangular" }']),
        ('"waveform" }', '"both" }', ['source.receiver = { observe = "waveform" }']),
        ("_symbol = 8", "_symbol = 4", ["source.samples_per_symbol = 8"]),
        ('= "sample"', '= "symbol"', ['source.channel.snr_reference = "sample"']),
        ('= "none"', '= "uniform"', ['source.channel.phase_offset_turns = "none"']),
        ('= "none"', '= "none"\ndc_offset_rms = 0.1', ["source.channel.dc_offset_rms"]),
        ("symbols_per", "parameters = {GMSK = {bt = 0.3}}\nsymbols_per", ["parameters.GMSK"]),
        ("[-0.5, 0.5]", "[-500, 0.5]", ["snr_offset_db must be from -100 to 100"]),
    ],
    ids=str,
)
def test_what_published_signals_do_not_know_is_refused(old, new, words):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(PUBLISHED.replace(old, new, 1))
    assert [word for word in words if word not in str(caught.value)] == []


# files and names ----------------------------------------------------------------------------


def test_a_recipe_is_found_by_its_name_and_by_its_path(tmp_path, tiny_toml, tiny_recipe):
    (tmp_path / "mine.toml").write_text(tiny_toml)
    assert load_recipe(tmp_path / "mine.toml") == tiny_recipe
    assert load_recipe(str(tmp_path / "mine.toml")) == tiny_recipe
    assert load_recipe("awgn-ten") == load_recipe(known_recipes()["awgn-ten"])


def test_an_unknown_name_is_refused_with_the_nearest_recipe():
    with pytest.raises(RecipeError, match=r"no recipe 'awgn-tenn'.*awgn-ten"):
        load_recipe("awgn-tenn")


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match="no recipe"):
        load_recipe(tmp_path)


def test_the_file_is_named_in_front_of_what_is_wrong_in_it(tmp_path, tiny_toml):
    path = tmp_path / "mine.toml"
    path.write_text(tiny_toml.replace('"0:10:10"', '"10:0"'))
    with pytest.raises(RecipeError, match=r"^mine\.toml: an SNR grid runs upwards"):
        load_recipe(path)


@pytest.mark.parametrize("content", [b"\xff\xfes\x00", b"about = '\xe9'", bytes(range(256))])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path, content):
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(RecipeError, match=r"mine\.toml"):
        load_recipe(tmp_path / "mine.toml")


def test_the_pulse_is_the_matched_filter_of_symbols_whatever_the_classes():
    text = TINY_PHASES.format(view="symbols")
    with pytest.raises(RecipeError, match="at least 2 samples per symbol"):
        parse_recipe(text)
    assert parse_recipe(TINY_PHASES.format(view="waveform")).views == ("waveform",)


def test_an_image_without_planes_shows_whatever_is_observed():
    waveforms = parse_recipe(TINY_PHASES.format(view="waveform"))
    assert waveforms.image == ImageConfig(planes=TRAJECTORY_PLANES)
    assert parse_recipe(TINY_PHASES.format(view="both").replace("1.5", "2")).image == ImageConfig()


def test_interference_must_be_a_signal(tiny_toml):
    text = tiny_toml.replace(
        "[image]",
        '[source.channel.interference]\ncarrier_to_interference_db = 10.0\nmodulation = "NOISE"\n'
        "[image]",
    )
    with pytest.raises(RecipeError, match="interference must be a signal, got modulation 'NOISE'"):
        parse_recipe(text)


TINY_PHASES = """
schema = 1
name = "phases"
about = "Continuous phases alone."
seed = 1
[source]
modulations = ["MSK", "GMSK"]
samples_per_symbol = 1.5
pulse = {{ rolloff = 1.0 }}
receiver = {{ observe = "{view}" }}
[source.channel]
snr = "10"
[splits]
train = 1
validation = 1
test = 1
"""

# what a network sees ------------------------------------------------------------------------


def seeing(toml, modalities):
    """The recipe with this list of modalities; `toml` begins with its plain keys."""
    return toml.replace("seed =", f"modalities = [{modalities}]\nseed =")


BESIDE = '{ what = "image" }, { what = "signal", patch = 8 }'


def test_a_recipe_that_names_no_modalities_means_the_image_and_keeps_its_fingerprint(tiny_recipe):
    assert tiny_recipe.modalities == IMAGE_ALONE
    # what was said of this recipe before there were modalities; another generator says another
    assert tiny_recipe.fingerprint == "70b36d55"


def test_naming_the_image_alone_changes_nothing(tiny_toml, tiny_recipe):
    named = parse_recipe(seeing(tiny_toml, '{ what = "image" }'))
    assert named == tiny_recipe
    assert named.fingerprint == tiny_recipe.fingerprint


def test_modalities_read_back_and_have_a_fingerprint_of_their_own(tiny_toml, tiny_recipe):
    recipe = parse_recipe(seeing(tiny_toml, BESIDE))
    assert recipe.modalities == (Modality(), Modality("signal", patch=8))
    assert parse_recipe(recipe_to_toml(recipe)) == recipe
    assert recipe.fingerprint != tiny_recipe.fingerprint
    back = dataclasses.replace(recipe, modalities=IMAGE_ALONE)
    assert back.fingerprint == tiny_recipe.fingerprint


IMPOSSIBLE = {
    "none at all": ("", ["one that a receiver has", "got none", 'what = "image"']),
    "none that is received": ('{ what = "noise" }', ["one that a receiver has", "noise"]),
    "the same twice": (
        '{ what = "signal" }, { what = "signal", form = "folded" }',
        ["must differ in what and given", "signal, signal"],
    ),
    "an unknown one": ('{ what = "picture" }', ["modalities[0].what", "'signal'", "'picture'"]),
    "an unknown key": ('{ waht = "image" }', ["unknown key 'modalities[0].waht'", "what"]),
    "no list": (None, ["modalities must be a list"]),
    "a view that is not observed": (
        '{ what = "signal", view = "waveform" }',
        ["signal is read from the waveform", "observed as symbols"],
    ),
    "a patch that does not fit a signal": (
        '{ what = "signal", patch = 7 }',
        ["patch of the modality signal must divide its side of 64, got 7"],
    ),
    "a patch that does not fit an image": (
        '{ what = "image", patch = 5 }',
        ["patch of the modality image must divide its side of 32, got 5"],
    ),
    "a negative patch": ('{ what = "image", patch = -4 }', ["must be at least 0, got -4"]),
    "clean noise": ('{ what = "noise", given = "clean" }', ["noise has no clean twin"]),
    "a folded image": ('{ what = "image", form = "folded" }', ["image cannot be folded"]),
    "an image with a view": (
        '{ what = "image", view = "waveform" }',
        ["image is drawn from what the planes of the image name", "leave it out"],
    ),
    "folded harmonics": (
        '{ what = "harmonics", form = "folded" }',
        ["harmonics cannot be folded", 'what = "signal"'],
    ),
    "patches of harmonics": (
        '{ what = "harmonics", patch = 8 }',
        ["harmonics are cut into rings, not patches", "8", "leave it out"],
    ),
    "an SNR alone": ('{ what = "snr" }', ["an SNR alone determines no modulation", "add {"]),
    "an SNR of a view that is not observed": (
        '{ what = "image" }, { what = "snr", view = "waveform" }',
        ["snr is read from the waveform", "observed as symbols"],
    ),
    "a folded signal of any phase": (
        '{ what = "signal", form = "folded" }',
        ["signal is folded", "carrier phase", 'form = "sequence"'],
    ),
}


@pytest.mark.parametrize(("modalities", "words"), IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_impossible_modalities_are_refused_with_the_way_out(tiny_toml, modalities, words):
    text = seeing(tiny_toml, modalities or "")
    if modalities is None:
        text = text.replace("modalities = []", 'modalities = "image"')
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text)
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


def test_a_signal_may_be_folded_where_the_phase_is_known(tiny_toml):
    text = tiny_toml.replace('snr = "0:10:10"', 'snr = "0:10:10"\nphase_offset_turns = "none"')
    recipe = parse_recipe(seeing(text, '{ what = "signal", form = "folded", patch = 16 }'))
    assert recipe.modalities[0].shape(recipe.image, {}) == (3, 224, 224)
