"""Real recordings that the training has never seen."""

import json
import os
import sys
from pathlib import Path

import pytest

from rfmae.datasets.captures import read_sigmf

HOME = Path(os.environ.get("RFMAE_RECORDINGS", Path(__file__).parents[2] / "shared" / "recordings"))
SYMBOLS = {
    "wifi_bpsk_symbols": "BPSK",
    "wifi_qpsk_symbols": "QPSK",
    "wifi_16qam_symbols": "16QAM",
    "wifi_64qam_symbols": "64QAM",
    "meteor_qpsk_symbols": "QPSK",
}

pytestmark = pytest.mark.skipif(
    not HOME.is_dir(), reason=f"no recordings in {HOME}; name their folder in RFMAE_RECORDINGS"
)


RFMAE = [sys.executable, "-c", "from rfmae_cli.app import main; main()"]


@pytest.mark.parametrize("path", sorted(HOME.glob("*.sigmf-meta")), ids=lambda path: path.stem)
def test_every_recording_is_read_whole(path):
    capture = read_sigmf(path)
    meta = json.loads(path.read_text())
    reach = max(
        (item["core:sample_start"] + item["core:sample_count"] for item in meta["annotations"]),
        default=0,
    )
    assert len(capture.iq) >= reach > 0
    assert capture.sample_rate_hz == meta["global"]["core:sample_rate"]


@pytest.mark.slow
def test_a_model_trained_on_synthetic_symbols_names_real_ones(succeed, tmp_path):
    command = ["quickstart", "--recipe", "sdr-linear", "--labels", "0", "--out", "sdr"]
    succeed([*RFMAE, *command], tmp_path)
    (model,) = (tmp_path / "sdr" / "runs").glob("finetune-sdr-linear-*")
    paths = [HOME / f"{name}.sigmf-meta" for name in SYMBOLS]
    answers = json.loads(
        succeed([*RFMAE, "classify", *paths, "--model", model, "--json"], tmp_path)
    )
    named = {Path(answer["recording"]).stem: answer["class"] for answer in answers}
    right = sum(named[name] == truth for name, truth in SYMBOLS.items())
    assert right >= 4, named
