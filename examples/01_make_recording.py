"""Write a SigMF recording of QPSK symbols at 15 dB, so that there is something to classify.

python examples/01_make_recording.py my-qpsk
"""

import sys

import numpy as np

from rfmae import write_sigmf
from rfmae.captures.reading import Annotation
from rfmae.errors import RfmaeError
from rfmae.signal.channel import awgn
from rfmae.signal.modulations import MODULATIONS


def main(name: str) -> None:
    rng = np.random.default_rng(7)
    qpsk = MODULATIONS["QPSK"]
    symbols = qpsk.alphabet[rng.integers(0, qpsk.order, 5000)]
    received = awgn(symbols * np.exp(0.9j), noise_power=10**-1.5, rng=rng)

    whole = Annotation(start=0, count=len(received), label="QPSK")
    try:
        write_sigmf(name, received, sample_rate_hz=1e6, annotations=[whole])
    except RfmaeError as error:  # such as a recording of that name that exists
        sys.exit(f"error: {error}")
    print(f"wrote {name}.sigmf-meta, {len(received)} symbols")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "my-qpsk")
