"""Names of classes are ours where the samples agree, and those of the file where they do not."""

import komm
import liquid
import numpy as np
import pytest

from rfmae.evaluation.leak_features import at_unit_power
from rfmae.imports.arrays.array_source import ArrayFile, ArrayOptions
from rfmae.imports.class_names import checked_names
from rfmae.imports.name_checks import check_name, expected_moments
from rfmae.signal.modulations import MODULATIONS, find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

CHECKED = [
    row
    for row in MODULATIONS.values()
    if row.family in ("memoryless", "differential") and not row.name.startswith("π/4")
]
SNRS_DB = (40, 15, 5, 0, -20)


def of_points(rng, points, snr_db=30, rows=64, samples=512, carrier=0.0):
    """Symbols at any scale and phase, with noise and a carrier offset that differs by row."""
    points = np.asarray(points) / np.sqrt(np.mean(np.abs(points) ** 2))
    sent = points[rng.integers(0, len(points), (rows, samples))]
    turns = rng.random((rows, 1)) + carrier * rng.uniform(-1, 1, (rows, 1)) * np.arange(samples)
    noise = rng.normal(size=(2, rows, samples)) * np.sqrt(0.5 * 10 ** (-snr_db / 10))
    return (7 * (sent * np.exp(2j * np.pi * turns) + noise[0] + 1j * noise[1])).astype(np.complex64)


def theirs(scheme, order):
    """The points of liquid-dsp by its name."""
    modem = liquid.modem(scheme)
    return np.array([modem.modulate(index) for index in range(order)])


# the check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", CHECKED, ids=str)
@pytest.mark.parametrize("snr_db", SNRS_DB)
@pytest.mark.parametrize(("rows", "samples"), [(64, 512), (20, 128), (8, 1024)])
def test_no_alphabet_contradicts_its_own_name(rng, row, snr_db, rows, samples):
    iq = of_points(rng, row.alphabet, snr_db, rows, samples, carrier=0.01)
    assert check_name(row, iq).verdict != "contradicts"


@pytest.mark.parametrize("row", CHECKED, ids=str)
def test_with_little_noise_every_alphabet_agrees(rng, row):
    assert check_name(row, of_points(rng, row.alphabet, 15)).verdict == "agrees"


@pytest.mark.parametrize("row", CHECKED, ids=str)
def test_noise_alone_says_nothing(rng, row):
    assert check_name(row, of_points(rng, row.alphabet, -60)).verdict == "unknown"


@pytest.mark.parametrize("row", CHECKED, ids=str)
def test_the_moments_are_those_of_samples_in_noise(rng, row):
    iq = at_unit_power(of_points(rng, row.alphabet, 3, rows=400, samples=4096)).astype(complex)
    share = 1 / (1 + 10**-0.3)
    dc, square, fourth, turned = expected_moments(row, share)
    measured = np.abs([iq.mean(axis=1) ** 2, (iq**2).mean(axis=1)]).mean(axis=1)
    assert measured == pytest.approx([dc, square], abs=0.03)
    assert (np.abs(iq) ** 4).mean() == pytest.approx(fourth, abs=0.02)
    assert np.abs((iq**4).mean(axis=1)).mean() == pytest.approx(turned, abs=0.1)


OTHERS = {
    "ask2 of liquid": (theirs("ask2", 2), "OOK"),
    "ask4 of liquid": (theirs("ask4", 4), "4ASK"),
    "ask8 of liquid": (theirs("ask8", 8), "8ASK"),
    "qam32 of liquid": (theirs("qam32", 32), "32QAM"),
    "qam128 of liquid": (theirs("qam128", 128), "128QAM"),
    "pam4 of komm": (komm.PAMConstellation(4).matrix.ravel(), "4ASK"),
    "8 by 4 of komm": (komm.QAMConstellation((8, 4)).matrix.ravel(), "32QAM"),
    "unipolar as PAM": (komm.ASKConstellation(4).matrix.ravel(), "4PAM"),
    "on and off as BPSK": (np.array([0, 1]), "BPSK"),
    "QPSK as BPSK": (np.array([1, 1j, -1, -1j]), "BPSK"),
}


@pytest.mark.parametrize(("points", "name"), OTHERS.values(), ids=list(OTHERS))
@pytest.mark.parametrize("snr_db", [60, 20, 10])
@pytest.mark.parametrize("samples", [512, 128])
def test_other_points_under_our_name_are_told(rng, points, name, snr_db, samples):
    found = check_name(MODULATIONS[name], of_points(rng, points, snr_db, samples=samples))
    assert found.verdict == "contradicts"
    assert "±" in found.reason


SAME = {
    "qam16 of liquid": (theirs("qam16", 16), "16QAM"),
    "qpsk of liquid": (theirs("qpsk", 4), "QPSK"),
    "ook of liquid": (theirs("ook", 2), "OOK"),
    "psk8 of liquid": (theirs("psk8", 8), "8PSK"),
    "cross of komm": (komm.CrossQAMConstellation(32).matrix.ravel(), "32QAM"),
}


@pytest.mark.parametrize(("points", "name"), SAME.values(), ids=list(SAME))
def test_the_same_points_of_other_toolkits_agree(rng, points, name):
    assert check_name(MODULATIONS[name], of_points(rng, points, 20)).verdict == "agrees"


@pytest.mark.parametrize("row", CHECKED, ids=str)
@pytest.mark.parametrize("pulse", [Pulse(rolloff=0.35), Pulse(shape="rectangular")], ids=str)
def test_a_waveform_does_not_contradict_its_own_name(row, pulse, streams):
    iq = transmit(row, pulse, 8, 1024, 32, streams)
    assert check_name(row, iq).verdict != "contradicts"


@pytest.mark.parametrize(
    ("sent", "name", "verdict"),
    [
        ("BPSK", "OOK", "contradicts"),
        ("4PAM", "4ASK", "contradicts"),
        ("OOK", "BPSK", "contradicts"),
        ("QPSK", "BPSK", "contradicts"),
        ("4PAM", "16QAM", "contradicts"),
        ("16QAM", "QPSK", "agrees"),  # a pulse hides the points
        ("GMSK", "OQPSK", "unknown"),
    ],
)
def test_of_a_waveform_what_no_pulse_changes_is_checked(streams, sent, name, verdict):
    iq = transmit(MODULATIONS[sent], Pulse(rolloff=0.35), 8, 1024, 32, streams)
    assert check_name(MODULATIONS[name], iq).verdict == verdict


def test_classes_without_points_and_few_examples_are_not_checked(rng):
    assert check_name(MODULATIONS["WBFM"], of_points(rng, [1, -1])).verdict == "unknown"
    few = check_name(MODULATIONS["OOK"], of_points(rng, [1, -1], rows=3, samples=16))
    assert (few.verdict, "too few" in few.reason) == ("unknown", True)


# the names ----------------------------------------------------------------------------------------


def test_a_name_is_kept_where_the_samples_are_others(rng):
    iq = of_points(rng, [1, -1], 60, rows=40, samples=128)
    names, notes = checked_names(("ask2", "qam32"), {"ask2": iq, "qam32": iq})
    assert names == ("ask2", "qam32")
    assert notes[0].startswith("ask2 is kept, but its samples are not OOK (")
    assert notes[1].startswith("qam32 is kept, but its samples are not 32QAM (")


def test_a_renaming_that_samples_allow_is_told(rng):
    rows = {name: of_points(rng, find_modulation(name).alphabet) for name in ("16qam", "ask2")}
    names, notes = checked_names(("16qam", "ask2", "mine"), rows)
    assert names == ("16QAM", "OOK", "mine")
    assert notes[0].startswith("16qam is renamed to 16QAM: its samples agree (")
    assert notes[1].startswith("ask2 is renamed to OOK: its samples agree (")


def test_where_nothing_can_be_decided_only_the_spelling_changes(rng):
    hidden = of_points(rng, [1, -1], -30)
    names = ("QAM16", "qpsk", "ask2", "4ask", "qam32", "AM")
    given, notes = checked_names(names, dict.fromkeys(names, hidden))
    assert given == ("16QAM", "QPSK", "ask2", "4ask", "qam32", "AM")
    assert notes[0].startswith("QAM16 is written 16QAM; its samples were not checked (")
    assert notes[2].startswith("ask2 is kept: whether it is the OOK of the table was not checked (")
    assert len(notes) == 6


def test_a_name_of_the_table_is_no_news_unless_samples_contradict(rng):
    iq = of_points(rng, [1, -1])
    assert checked_names(("BPSK",), {"BPSK": iq}) == (("BPSK",), ())
    names, notes = checked_names(("OOK",), {"OOK": iq})
    assert names == ("OOK",)
    assert notes[0].startswith("OOK is kept, but its samples are not OOK (")


def test_two_classes_never_get_one_name(rng):
    rows = {name: of_points(rng, find_modulation("QPSK").alphabet) for name in ("QPSK", "4QAM")}
    names, notes = checked_names(("QPSK", "4QAM"), rows)
    assert names == ("QPSK", "4QAM")
    assert notes == ("4QAM is kept, for another class is QPSK already",)


def test_arrays_are_named_by_their_clearest_examples(rng, tmp_path):
    clear, hidden = of_points(rng, [1, -1], 30, rows=40), of_points(rng, [1, -1], -20, rows=40)
    iq, snr_db = np.concatenate([hidden, clear]), np.repeat([-20, 30], 40)
    np.savez(tmp_path / "a.npz", iq=iq, y=np.zeros(80, int), snr=snr_db)
    facts = ArrayFile(tmp_path / "a.npz", ArrayOptions(classes=("2psk",))).facts
    assert facts.classes == ("BPSK",)
    facts = ArrayFile(tmp_path / "a.npz", ArrayOptions(classes=("ask2",))).facts
    assert facts.classes == ("ask2",)
    assert any("ask2 is kept" in note for note in facts.notes)
