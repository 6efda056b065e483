"""The jobs as functions: what a caller gets wrong is one line of an RfmaeError."""

import numpy as np
import pytest

import rfmae
from rfmae.errors import RfmaeError


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "data"
    return rfmae.synthesise("sdr-linear", folder, snr=20, examples=(6, 2, 2))


def test_a_point_of_the_grid_may_be_a_number(data):
    assert data.snr_db == (20.0,)


def test_a_single_name_may_stand_alone(data, tmp_path):
    brief = {"preset": "tiny", "epochs": 1, "device": "cpu"}
    seen = rfmae.pretrain(data, tmp_path / "run", modalities="harmonics", **brief)
    assert rfmae.load_encoder(seen, "cpu")(data.read_observed("test").iq).shape == (14, 128)
    assert rfmae.plot(data.folder, tmp_path / "psd.png", what="constellation").is_file()


WRONG = {
    "an unknown switch": (
        lambda data, out: rfmae.pretrain(data, out, mask_ratio=0.5),
        "mask_ratio",
    ),
    "a switch that is text": (
        lambda data, out: rfmae.pretrain(data, out, masking__ratio="0.5"),
        "ratio must be a finite number, got '0.5'",
    ),
    "half an epoch": (lambda data, out: rfmae.pretrain(data, out, epochs=1.5), "epochs must be"),
    "no epoch": (lambda data, out: rfmae.finetune(data, out=out, epochs=0), "epochs must be"),
    "an unknown setting": (lambda data, out: rfmae.finetune(data, out=out, labells=2), "labels"),
    "no model": (lambda data, out: rfmae.evaluate(data, [], out), "at least one model"),
    "a weight that is none": (
        lambda data, out: rfmae.pretrain(data, out, position__weight=float("nan")),
        "position.weight must be a finite number, got nan",
    ),
    "a decoder without an end": (
        lambda data, out: rfmae.pretrain(data, out, decoder_depth=10**6),
        "decoder depth must be from 0 to 64",
    ),
    "a disruption of rings": (
        lambda data, out: rfmae.pretrain(data, out, noising__disruption_weight=1.0),
        "take network vit",
    ),
    "two examples": (
        lambda data, out: rfmae.synthesise("sdr-linear", out, examples=(6, 2)),
        "three numbers",
    ),
    "silence": (lambda data, out: rfmae.classify(np.zeros(1024, complex), out), "no checkpoint"),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_what_a_caller_gets_wrong_is_one_line_and_nothing_is_written(data, tmp_path, call, message):
    with pytest.raises(RfmaeError, match=message) as refused:
        call(data, tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_network_that_is_named_must_be_that_of_the_model(data, tmp_path):
    brief = {"epochs": 1, "device": "cpu"}
    rings = rfmae.pretrain(data, tmp_path / "rings", preset="tiny", **brief)
    with pytest.raises(RfmaeError, match="holds rings, but network vit was requested"):
        rfmae.finetune(data, rings, tmp_path / "no", network="vit", **brief)
    with pytest.raises(RfmaeError, match="was trained with harmonics, but not with 'snr'"):
        rfmae.finetune(data, rings, tmp_path / "no", modalities=["harmonics", "snr"], **brief)
    assert not (tmp_path / "no").exists()
