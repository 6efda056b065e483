"""From a folder of recordings to an honest number, in the commands of the README."""

import json

import numpy as np
import pytest

from rfmae import open_dataset, write_sigmf
from rfmae.datasets.recipe import SPLITS

ORDERS = {"BPSK": 2, "QPSK": 4, "8PSK": 8}
SAMPLES = 128


@pytest.fixture
def recordings(here, rng):
    """Two recordings of each class at 15 dB, two samples a symbol, every sample another value."""
    for name, order in ORDERS.items():
        (here / "mine" / name).mkdir(parents=True)
        for number in range(2):
            symbols = np.exp(2j * np.pi * (rng.integers(0, order, 6000) / order + rng.random()))
            noise = rng.normal(size=(2, 12000)).T @ [1, 1j] * np.sqrt(10**-1.5 / 2)
            iq = (np.repeat(symbols, 2) + noise).astype(np.complex64)
            write_sigmf(here / "mine" / name / f"take-{number}", iq, sample_rate_hz=1e6)
    return here / "mine"


def test_recordings_become_a_classifier_and_a_report(rfmae, here, recordings):
    def succeed(*command):
        result = rfmae(*command)
        assert result.exit_code == 0, (command, result.stderr)
        return result

    size = ["--samples", str(SAMPLES), "--image-size", "32"]
    succeed("import", "mine", *size, "--out", "data")
    data = open_dataset(here / "data")
    held = {split: data.read_observed(split).iq for split in SPLITS}
    values = [set(iq.ravel().tolist()) for iq in held.values()]
    assert sum(map(len, values)) == len(set.union(*values))  # no sample is in two splits
    assert sum(map(len, held.values())) == pytest.approx(6 * 12000 // SAMPLES, rel=0.1)
    assert data.any_phase

    told = succeed(
        "pretrain", "--data", "data", "--preset", "tiny", "--epochs", "2", "--out", "pre"
    )
    assert "mine has no clean twins: the target is each example as it is" in told.stderr
    succeed(
        *("finetune", "--data", "data", "--model", "pre", "--labels-per-class", "20"),
        *("--epochs", "2", "--out", "own"),
    )
    succeed("eval-snr", "--data", "data", "--model", "own", "--out", "report", "--no-cost")
    report = json.loads((here / "report" / "report.json").read_text())
    counts = np.array(report["accuracy"]["own"]["counts"]).sum(axis=0)
    assert np.trace(counts) > 0.7 * counts.sum()  # a third by chance
