"""Settings from files: a TOML, or the card of a run."""

import json

import pytest
from rfmae_cli.app import app
from typer.testing import CliRunner

import rfmae
from rfmae.configuration.files import merged, read_settings
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.errors import TrainingError

TOML = """
preset = "tiny"
epochs = 1
method = "curriculum"
network = "vit"
laplacian_weight = 0.02

[masking]
ratio = 0.6

[position]
weight = 0.0
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    home = tmp_path_factory.mktemp("config")
    return rfmae.synthesise("sdr-linear", home / "data", snr="20", examples=(6, 2, 2))


def trained(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def settings_of(run):
    return json.loads((run / "card.json").read_text())["settings"]


def weights_of(run):
    best = json.loads((run / "best.json").read_text())["checkpoint"]
    return (run / "checkpoints" / best / "weights.safetensors").read_bytes()


def test_a_toml_is_taken_and_options_have_precedence(data, tmp_path):
    (tmp_path / "my.toml").write_text(TOML)
    common = [
        "pretrain",
        "--data",
        data.folder,
        "--device",
        "cpu",
        "--config",
        tmp_path / "my.toml",
    ]
    result = trained(*common, "--out", tmp_path / "run", "--mask-ratio", "0.7")
    assert result.exit_code == 0, result.stderr
    found = settings_of(tmp_path / "run")
    assert (found["preset"], found["epochs"], found["network"]) == ("tiny", 1, "vit")
    assert found["masking"] == {
        "ratio": 0.7, "start_ratio": 0.5, "ramp_share": 0.5, "quantum": 7, "unit": 1,
        "lowest": None,
    }  # fmt: skip
    assert (found["method"], found["laplacian_weight"]) == ("curriculum", 0.02)
    assert found["position"]["weight"] == 0.0


@pytest.mark.parametrize("stage", ["pretrain", "finetune"])
def test_the_card_of_a_run_makes_the_same_run(data, tmp_path, stage):
    words = {
        "pretrain": ["--position-weight", "0.3", "--unscaled"],
        "finetune": ["--network", "cnn", "--augment", "phase,noise=3", "--labels-per-class", "4"],
    }[stage]
    brief = ["--preset", "tiny", "--epochs", "1", "--seed", "3", "--clip", "0", "--ema", "0.5"]
    precise = ["--precision", "float32", *brief, *words]
    common = [stage, "--data", data.folder, "--device", "cpu"]
    first = trained(*common, "--out", tmp_path / "first", *precise)
    assert first.exit_code == 0, first.stderr
    again = trained(*common, "--out", tmp_path / "again", "--config", tmp_path / "first")
    assert again.exit_code == 0, again.stderr
    by_card = tmp_path / "first" / "card.json"
    assert read_settings(by_card, stage) == read_settings(tmp_path / "first", stage)
    assert weights_of(tmp_path / "first") == weights_of(tmp_path / "again")
    assert settings_of(tmp_path / "first") == settings_of(tmp_path / "again")


def test_python_takes_the_same_file(data, tmp_path):
    (tmp_path / "my.toml").write_text(TOML)
    rfmae.pretrain(
        data, tmp_path / "run", config=tmp_path / "my.toml", masking__ratio=0.7, device="cpu"
    )
    assert settings_of(tmp_path / "run")["masking"]["ratio"] == 0.7
    assert settings_of(tmp_path / "run")["method"] == "curriculum"


WRONG = {
    "an unknown key": ("epcohs = 3", "unknown setting 'epcohs'; did you mean epochs"),
    "an unknown key of a method": ("[maskng]\nratio = 0.5", "unknown setting 'maskng'"),
    "an unknown key within": (
        "[masking]\nrato = 0.5",
        "unknown setting 'masking.rato'; did you mean ratio",
    ),
    "a text for a number": ('epochs = "3"', "epochs must be a whole number, got '3'"),
    "a number out of range": ("epochs = 0", "epochs must be at least 1, got 0"),
    "a method that is a table": ("[method]\nname = 'mae'", "method must be a name"),
    "a method that is none": ("method = 'mea'", "unknown method 'mea'; did you mean mae"),
    "no toml": ("epochs = ", "cannot be read"),
    "not utf-8": (b"\xff\xfe", "cannot be read"),
    "deep nesting": ("a = " + "[" * 5000, "cannot be read"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_a_bad_file_is_one_line_and_writes_nothing(data, tmp_path, text, message):
    path = tmp_path / "my.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = trained("pretrain", "--data", data.folder, "--out", tmp_path / "run", "--config", path)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (None, "no such file"),
        ("{}", "holds no settings"),
        ("[]", "holds no settings"),
        ('{"settings": 3}', "holds no settings"),
        ('{"settings": NaN}', "cannot be read"),
    ],
)
def test_a_card_without_settings_is_refused(tmp_path, card, message):
    if card is not None:
        (tmp_path / "card.json").write_text(card)
    with pytest.raises(TrainingError, match=message):
        read_settings(tmp_path, "pretrain")


def test_the_card_of_another_stage_is_refused(data, tmp_path):
    rfmae.finetune(data, out=tmp_path / "f", network="cnn", epochs=1, device="cpu")
    with pytest.raises(TrainingError, match=r"is of a finetune, not of a pretrain; name another"):
        rfmae.pretrain(data, tmp_path / "p", config=tmp_path / "f")
    with pytest.raises(TrainingError, match="settings come from a file, got"):
        rfmae.pretrain(data, tmp_path / "p", config={"preset": "tiny"})


def test_another_method_or_network_brings_its_own_parts(data, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "device": "cpu"}
    rfmae.pretrain(data, tmp_path / "a", method="feature-noise", **brief)
    rfmae.pretrain(data, tmp_path / "b", config=tmp_path / "a", method="mae", device="cpu")
    found = settings_of(tmp_path / "b")
    assert (found["method"], found["noising"]["share"], found["position"]["weight"]) == (
        "mae",
        0,
        0,
    )
    assert (found["preset"], found["epochs"]) == ("tiny", 1)
    rfmae.pretrain(data, tmp_path / "c", config=tmp_path / "a", method="denomae2",
                   network="rings", device="cpu")  # fmt: skip
    assert settings_of(tmp_path / "c")["position"]["dropout"] == 0.02


def test_a_run_from_a_model_is_made_again_from_that_model(data, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "device": "cpu"}
    model = rfmae.pretrain(data, tmp_path / "p", network="rings", **brief)
    first = rfmae.finetune(data, model, tmp_path / "f", precision="float32", **brief)
    again = rfmae.finetune(data, out=tmp_path / "g", config=tmp_path / "f", device="cpu")
    weights = [(run / "weights.safetensors").read_bytes() for run in (first, again)]
    assert weights[0] == weights[1]


def test_another_number_of_labels_replaces_that_of_the_file():
    assert merged({"labels": 9, "seed": 1}, {"labels_per_class": 3}) == {
        "seed": 1, "labels_per_class": 3,
    }  # fmt: skip


def test_tables_are_merged_within():
    table = merged({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 4}, "e": 5})
    assert table == {"a": 1, "b": {"c": 2, "d": 4}, "e": 5}


@pytest.mark.parametrize("settings", [Pretraining, Finetuning])
def test_a_network_without_a_name_is_refused(settings):
    with pytest.raises(TrainingError, match="network names one, got nothing"):
        settings(network="")
