"""Classify the modulation of an array of synchronised symbols, as an SDR script would.

python examples/02_classify_array.py sdr/runs/finetune-*
"""

import sys

import numpy as np

import rfmae


def received_symbols() -> np.ndarray:
    """A placeholder for the symbols of your receiver: 8PSK at 18 dB, any gain and phase."""
    rng = np.random.default_rng(1)
    symbols = np.exp(2j * np.pi * (rng.integers(0, 8, 4096) / 8 + 0.03))
    noise = rng.normal(size=(4096, 2)) @ [1, 1j] * np.sqrt(10**-1.8 / 2)
    return 0.02 * (symbols + noise)


def main(model: str) -> None:
    iq = received_symbols()
    classifier = rfmae.load_classifier(model)
    answer = classifier.answer(iq)
    for name, probability in zip(answer.classes, answer.whole, strict=True):
        print(f"{name:>6} {probability:6.3f}")
    print(f"{answer.name} in {len(answer.windows)} windows of {answer.window_length} symbols")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(
            "usage: python examples/02_classify_array.py CLASSIFIER, a run or checkpoint folder"
        )
    main(sys.argv[1])
