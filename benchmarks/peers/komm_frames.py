"""komm: look-up, expansion, convolution and Gaussian channel, which take a frame or a batch."""

import komm
import numpy as np

from peers import (
    ES_N0,
    QAM_ORDERS,
    ROLLOFF,
    SAMPLES,
    SAMPLES_PER_SYMBOL,
    SPAN_SYMBOLS,
    Frames,
    Make,
)


def batch(modulation: str, frames: int) -> Make | None:
    if modulation not in QAM_ORDERS:
        return None
    order, rng = QAM_ORDERS[modulation], np.random.default_rng(0)
    constellation = komm.QAMConstellation(order)
    ends = (-SPAN_SYMBOLS // 2, SPAN_SYMBOLS // 2)
    taps = komm.RaisedCosinePulse(ROLLOFF).root().taps(SAMPLES_PER_SYMBOL, ends)
    symbol_energy = constellation.mean_energy() * np.sum(taps**2)
    channel = komm.GaussianChannel(symbol_energy / ES_N0, rng=rng)
    shape = (frames, SAMPLES // SAMPLES_PER_SYMBOL + SPAN_SYMBOLS)

    def make() -> Frames:
        symbols = constellation.indices_to_symbols(rng.integers(order, size=shape))
        expanded = komm.sampling_rate_expand(symbols, SAMPLES_PER_SYMBOL)
        return channel.transmit(komm.convolve(taps, expanded, mode="valid"))

    return make


def frame_by_frame(modulation: str, frames: int) -> Make | None:
    one = batch(modulation, 1)
    return one and (lambda: np.concatenate([one() for _ in range(frames)]))


PROGRAMS = {"komm, a call a frame": frame_by_frame, "komm, a batch a call": batch}
