"""GNU Radio: its modulators, run by the Python that has it (Debian's package `gnuradio`)."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal

from peers.bursts import Burst, Generators, roll_off, symbol_count
from peers.messages import AUDIO_HZ, message

PYTHON = os.environ.get("GNURADIO_PYTHON", "/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("gnuradio_flowgraphs.py")
_RATE = 8  # samples a symbol, as the script has it
_RATES = ("C2_3", "C3_4", "C4_5", "C5_6")  # each has another ratio of the rings
_ROOM = 0.5  # for the pre-emphasis, which raises 3,400 Hz by 5.5 dB
_AUDIO = ("am", "nbfm", "wbfm")

Request = dict[str, Any]


def _version() -> str:
    command = [PYTHON, "-c", "from gnuradio import gr; print(gr.version())"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ImportError(
            f"{PYTHON} has no GNU Radio; install it (Debian: gnuradio) or name another in "
            "GNURADIO_PYTHON"
        ) from error
    return done.stdout.strip()


ORIGIN = f"GNU Radio {_version()}"


def _psk(bits: int) -> Callable[[np.random.Generator], Request]:
    return lambda rng: {"kind": "psk", "bits": bits, **_pulse(rng), **_coding(rng)}


def _qam(bits: int) -> Callable[[np.random.Generator], Request]:
    return lambda rng: {"kind": "qam", "bits": bits, **_pulse(rng), **_coding(rng)}


def _levels(
    *points: tuple[float, float], offset: bool = False
) -> Callable[[np.random.Generator], Request]:
    return lambda rng: {"kind": "levels", "points": points, "offset": offset, **_pulse(rng)}


def _pulse(rng: np.random.Generator) -> Request:
    return {"roll_off": roll_off(rng)}


def _coding(rng: np.random.Generator) -> Request:
    return {"differential": bool(rng.integers(2))}


def _two_tones(rng: np.random.Generator) -> Request:
    if rng.integers(2):
        index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.6, 1.3)), 3)
        return {"kind": "cpm", "bits": 1, "modulation_index": index}
    index = float(rng.choice((rng.uniform(0.28, 0.42), rng.uniform(0.6, 0.9))))
    return {"kind": "gfsk", "modulation_index": round(index, 3), **_smoothed(rng)}


def _minimum_shift(rng: np.random.Generator) -> Request:
    kind = rng.integers(3)
    if kind == 0:
        return {"kind": "cpm", "bits": 1, "modulation_index": 0.5}
    return {"kind": "gmsk"} | _smoothed(rng) if kind == 1 else _half_turn_gaussian(rng)


def _half_turn_gaussian(rng: np.random.Generator) -> Request:
    return {"kind": "gfsk", "modulation_index": 0.5, **_smoothed(rng)}


def _smoothed(rng: np.random.Generator) -> Request:
    return {"bt": round(float(rng.uniform(0.25, 0.5)), 2)}


def _four_tones(rng: np.random.Generator) -> Request:
    index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.27, 1.05)), 3)
    return {"kind": "cpm", "bits": 2, "modulation_index": index}


def _amplitude(rng: np.random.Generator) -> Request:
    return {"kind": "am", "modulation_index": round(float(rng.uniform(0.5, 1.0)), 2)}


def _frequency(rng: np.random.Generator) -> Request:
    if rng.integers(2):
        return {"kind": "wbfm", "peak_deviation_hz": 75e3, "audio_hz": 15 * AUDIO_HZ}
    deviation_hz = float(rng.choice((2500.0, 5000.0)))
    return {"kind": "nbfm", "peak_deviation_hz": deviation_hz, "audio_hz": 4 * AUDIO_HZ}


def _subcarriers(rng: np.random.Generator) -> Request:
    size = int(rng.choice((64, 128, 256)))
    prefix = int(rng.choice((size // 4, size // 8)))
    bits, packets = int(rng.integers(1, 4)), int(rng.integers(6, 16))
    return {
        "kind": "ofdm",
        "fft_size": size,
        "cyclic_prefix": prefix,
        "bits": bits,
        "packets": packets * bits,
    }


_ALL: dict[str, Callable[[np.random.Generator], Request]] = {
    "OOK": _levels((0, 0), (1, 0)),
    "BPSK": _psk(1),
    "QPSK": _psk(2),
    "OQPSK": _levels((1, 1), (-1, 1), (-1, -1), (1, -1), offset=True),
    "π/4-DQPSK": lambda rng: {"kind": "quarter-turned", **_pulse(rng)},
    "8PSK": _psk(3),
    "4PAM": _levels((-3, 0), (-1, 0), (1, 0), (3, 0)),
    "16QAM": _qam(4),
    "64QAM": _qam(6),
    "16APSK": lambda rng: {"kind": "apsk", "rate": str(rng.choice(_RATES)), **_pulse(rng)},
    "2FSK/GFSK": _two_tones,
    "GMSK/MSK": _minimum_shift,
    "4FSK": _four_tones,
    "AM": _amplitude,
    "FM": _frequency,
    "OFDM": _subcarriers,
}
NAMES = tuple(_ALL)


def bursts(name: str, generators: Generators) -> Iterator[Burst]:
    """A burst of a class for each generator; one process makes them all."""
    with tempfile.TemporaryDirectory() as folder:
        requests = []
        for number, rng in enumerate(generators):
            request = _ALL[name](rng)
            request |= {"symbols": symbol_count(rng), "seed": int(rng.integers(1, 2**31))}
            if request["kind"] in _AUDIO:
                path = Path(folder, f"{number}.npy")
                request["said"] = _written_message(path, request, rng)
                request["message"] = str(path)
            requests.append(request)
        _run(requests, folder)
        for number, request in enumerate(requests):
            yield _burst(np.fromfile(Path(folder, f"{number}.c64"), np.complex64), request)


def _written_message(path: Path, request: Request, rng: np.random.Generator) -> str:
    said = str(rng.choice(("speech", "noise")))
    seconds = rng.uniform(0.1, 0.2) if request["kind"] == "wbfm" else rng.uniform(0.5, 1.0)
    heard = message(said, int(seconds * AUDIO_HZ), rng)
    if request["kind"] != "am":
        heard = heard * _ROOM
    faster = request.get("audio_hz", AUDIO_HZ) // AUDIO_HZ
    np.save(path, signal.resample_poly(heard, faster, 1).astype(np.float32))
    return said


def _run(requests: list[Request], folder: str) -> None:
    command = [PYTHON, str(_SCRIPT), folder]
    done = subprocess.run(
        command, input=json.dumps(requests), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")


def _burst(iq: np.ndarray, request: Request) -> Burst:
    hidden = ("message", "seed", "symbols", "points")
    details = {key: value for key, value in request.items() if key not in hidden}
    if request["kind"] in _AUDIO:
        return Burst(iq, None, details, is_continuous=True)
    return Burst(iq, None if request["kind"] == "ofdm" else _RATE, details)
