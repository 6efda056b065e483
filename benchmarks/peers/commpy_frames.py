"""scikit-commpy: modem, zeros between symbols, convolution and white noise, one signal a call."""

import numpy as np
from commpy.channels import awgn
from commpy.filters import rrcosfilter
from commpy.modulation import QAMModem
from commpy.utilities import upsample

from peers import (
    ES_N0,
    QAM_ORDERS,
    ROLLOFF,
    SAMPLES_PER_SYMBOL,
    SPAN_SYMBOLS,
    Frames,
    Signal,
    both_ways,
)


def qam_signal(modulation: str) -> Signal | None:
    if modulation not in QAM_ORDERS:
        return None
    rng, modem = np.random.default_rng(0), QAMModem(QAM_ORDERS[modulation])
    length = SPAN_SYMBOLS * SAMPLES_PER_SYMBOL + 1
    _, taps = rrcosfilter(length, ROLLOFF, 1.0, float(SAMPLES_PER_SYMBOL))
    snr_db = 10 * np.log10(ES_N0 / SAMPLES_PER_SYMBOL)  # of a sample

    def signal(samples: int) -> Frames:
        symbols = samples // SAMPLES_PER_SYMBOL + SPAN_SYMBOLS
        sent = modem.modulate(rng.integers(2, size=symbols * modem.num_bits_symbol))
        waveform = np.convolve(upsample(sent, SAMPLES_PER_SYMBOL), taps, mode="valid")
        return awgn(waveform, snr_db)

    return signal


PROGRAMS = both_ways("scikit-commpy", qam_signal)
