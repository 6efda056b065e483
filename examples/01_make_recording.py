"""Write a SigMF recording of QPSK symbols at 15 dB, so that there is something to classify.

python examples/01_make_recording.py my-qpsk
"""

import sys

import numpy as np
from sigmf import SigMFFile

from rfmae.signal.channel import awgn
from rfmae.signal.modulations import MODULATIONS


def main(name: str) -> None:
    rng = np.random.default_rng(7)
    qpsk = MODULATIONS["QPSK"]
    symbols = qpsk.alphabet[rng.integers(0, qpsk.order, 5000)]
    received = awgn(symbols * np.exp(0.9j), noise_power=10**-1.5, rng=rng)

    received.tofile(f"{name}.sigmf-data")
    recording = SigMFFile(
        data_file=f"{name}.sigmf-data",
        global_info={"core:datatype": "cf32_le", "core:sample_rate": 1e6, "core:version": "1.0.0"},
    )
    recording.add_capture(0)
    recording.add_annotation(0, len(received), {"core:label": "QPSK"})
    recording.tofile(f"{name}.sigmf-meta", overwrite=True)
    print(f"wrote {name}.sigmf-meta, {len(received)} symbols")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "my-qpsk")
