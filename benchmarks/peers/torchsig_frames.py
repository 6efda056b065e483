"""TorchSig: its modulators with its white noise, one signal a call; and its data set.

The modulators choose a shorter filter than ours (17 taps at this roll-off). The data set does more
for each example: a spectrogram to set its SNR, a random pulse, a shift in frequency, metadata.
"""

import numpy as np
from torchsig.datasets.datasets import TorchSigIterableDataset
from torchsig.signals.builders.constellation import constellation_modulator_baseband
from torchsig.signals.builders.fsk import fsk_modulator_baseband
from torchsig.transforms.functional import awgn

from peers import (
    BT,
    ES_N0,
    MODULATION_INDEX,
    QAM_ORDERS,
    ROLLOFF,
    SAMPLES,
    SAMPLES_PER_SYMBOL,
    Frames,
    Make,
    Signal,
    both_ways,
)

_NAMES = {"QPSK": "qpsk", "16QAM": "16qam", "64QAM": "64qam", "GFSK": "2gfsk"}
_GFSK_HALF_SPAN_SYMBOLS = 2
_GFSK_OVERSAMPLING = 9  # of its bandwidth, which gives eight samples a symbol at this index and BT


def built_signal(modulation: str) -> Signal:
    rng, name = np.random.default_rng(0), _NAMES[modulation]
    noise_db = 10 * np.log10(SAMPLES_PER_SYMBOL / ES_N0)

    def qam(samples: int) -> Frames:
        sent = constellation_modulator_baseband(
            name, "srrc", samples, SAMPLES_PER_SYMBOL, ROLLOFF, rng
        )
        return awgn(sent, noise_db, rng)

    def gfsk(samples: int) -> Frames:
        shape = (MODULATION_INDEX, BT, _GFSK_HALF_SPAN_SYMBOLS)
        sent = fsk_modulator_baseband(2, "gfsk", samples, _GFSK_OVERSAMPLING, rng, shape)
        return awgn(sent, noise_db, rng)

    return qam if modulation in QAM_ORDERS else gfsk


def dataset_frames(modulation: str, frames: int) -> Make:
    sample_rate = 10_000_000
    bandwidth = sample_rate // SAMPLES_PER_SYMBOL
    metadata = {
        "num_iq_samples_dataset": SAMPLES,
        "fft_size": 64,
        "fft_stride": 64,
        "sample_rate": sample_rate,
        "noise_power_db": 0.0,
        "num_signals_min": 1,
        "num_signals_max": 1,
        "snr_db_min": 10.0,
        "snr_db_max": 10.0,
        "cochannel_overlap_probability": 0.0,
        "signal_duration_in_samples_min": SAMPLES,
        "signal_duration_in_samples_max": SAMPLES,
        "bandwidth_min": bandwidth,
        "bandwidth_max": bandwidth,
        "signal_center_freq_min": 0,
        "signal_center_freq_max": 1,
        "frequency_min": -sample_rate // 2,
        "frequency_max": sample_rate // 2,
    }
    dataset = TorchSigIterableDataset([_NAMES[modulation]], target_labels=[], metadata=metadata)
    dataset.seed(0)
    return lambda: np.stack([next(dataset) for _ in range(frames)])


PROGRAMS = {
    **both_ways("TorchSig builder", built_signal),
    "TorchSig data set": dataset_frames,
}
