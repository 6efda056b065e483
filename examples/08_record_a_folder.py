"""Write recordings of four signals into a folder for each class, as if from four transmitters.

python examples/08_record_a_folder.py my-recordings

Two recordings of each class, 8 samples a symbol, at 20 and at 8 dB, each with a carrier phase and
an offset of its own, as a receiver that is not locked to them has.
"""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from rfmae import write_sigmf
from rfmae.errors import RfmaeError
from rfmae.signal.channel import awgn
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

CLASSES = ("BPSK", "QPSK", "16QAM", "GMSK")
SNR_DB = (20, 8)
SAMPLES, RATE = 65536, Fraction(8)


def main(folder: str) -> None:
    rng = np.random.default_rng(11)
    pulse = Pulse(shape="rrc", rolloff=0.25, span_symbols=12)
    for name in CLASSES:
        (Path(folder) / name).mkdir(parents=True, exist_ok=True)
        for snr_db in SNR_DB:
            waveform = transmit(
                find_modulation(name), pulse, RATE, SAMPLES, count=1, streams=lambda _: rng
            )[0]
            turns = rng.random() + rng.uniform(-1e-4, 1e-4) * np.arange(len(waveform))
            received = awgn(
                waveform * np.exp(2j * np.pi * turns), noise_power=10 ** (-snr_db / 10), rng=rng
            )
            write_sigmf(Path(folder) / name / f"{snr_db}dB", received, sample_rate_hz=1e6)
    print(f"wrote {len(CLASSES) * len(SNR_DB)} recordings of {len(received):,} samples in {folder}")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "my-recordings")
    except RfmaeError as error:  # such as recordings of those names that exist
        sys.exit(f"error: {error}")
