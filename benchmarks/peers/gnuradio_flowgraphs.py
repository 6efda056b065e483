"""GNU Radio's own modulators, run in the Python that has GNU Radio.

    /usr/bin/python3 gnuradio_flowgraphs.py FOLDER < requests.json

Requests are a list of records with `kind`, `symbols`, `seed` and what the modulator takes. Writes
FOLDER/K.c64 for request K and prints one JSON line with the versions.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from gnuradio import analog, blocks, digital, dtv, filter, gr

RATE = 8  # samples a symbol
_SPAN = 22  # symbols of a pulse that is no part of a modulator
_PAYLOAD = 96  # bytes of an OFDM packet


def _bits(request, rng):
    count = request["symbols"] * request.get("bits", 1) // 8 + 1
    return rng.integers(256, size=count)


def psk(request, rng):
    arguments = {"samples_per_symbol": RATE, "excess_bw": request["roll_off"]}
    order, differential = 1 << request["bits"], request["differential"]
    block = digital.psk.psk_mod(constellation_points=order, differential=differential, **arguments)
    return [_source(_bits(request, rng)), block]


def qam(request, rng):
    differential = request["differential"]
    points = digital.qam.qam_constellation(1 << request["bits"], differential=differential)
    arguments = {"samples_per_symbol": RATE, "excess_bw": request["roll_off"]}
    block = digital.generic_mod(points, differential=differential, **arguments)
    return [_source(_bits(request, rng)), block]


def levels(request, rng):
    """OOK, PAM and the like: a table of points and a root-raised-cosine filter."""
    points = [complex(*pair) for pair in request["points"]]
    symbols = rng.integers(len(points), size=request["symbols"])
    return [_source(symbols), digital.chunks_to_symbols_bc(points), *_shaped(request)]


def quarter_turned(request, rng):
    """π/4-DQPSK: odd eighths of a turn, summed."""
    steps = 2 * rng.integers(4, size=request["symbols"]) + 1
    points = np.exp(2j * np.pi * np.arange(8) / 8).tolist()
    encoder = digital.diff_encoder_bb(8)
    return [_source(steps), encoder, digital.chunks_to_symbols_bc(points), *_shaped(request)]


def apsk(request, rng):
    """The modulator of DVB-S2, whose frames hold 4,050 symbols."""
    modulator = dtv.dvbs2_modulator_bc(
        dtv.FECFRAME_SHORT, getattr(dtv, request["rate"]), dtv.MOD_16APSK, dtv.INTERPOLATION_OFF
    )
    head = blocks.head(gr.sizeof_gr_complex, request["symbols"])
    return [_source(rng.integers(16, size=4 * 4050)), modulator, head, *_shaped(request)]


def gfsk(request, rng):
    sensitivity = math.pi * request["modulation_index"] / RATE
    block = digital.gfsk_mod(RATE, sensitivity=sensitivity, bt=request["bt"])
    return [_source(_bits(request, rng)), block]


def gmsk(request, rng):
    return [_source(_bits(request, rng)), digital.gmsk_mod(RATE, bt=request["bt"])]


def cpm(request, rng):
    """Continuous-phase modulation with a rectangular pulse of one symbol."""
    order = 1 << request["bits"]
    symbols = 2 * rng.integers(order, size=request["symbols"]) - (order - 1)
    block = digital.cpmmod_bc(analog.cpm.LREC, request["modulation_index"], RATE, 1)
    return [_source(symbols), block]


def am(request, rng):
    depth = blocks.multiply_const_ff(request["modulation_index"])
    return [_audio(request), depth, blocks.add_const_ff(1.0), blocks.float_to_complex()]


def nbfm(request, rng):
    """The audio comes at the rate of the signal, as the interpolator of the block leaves images."""
    rate = request["audio_hz"]
    return [_audio(request), analog.nbfm_tx(rate, rate, max_dev=request["peak_deviation_hz"])]


def wbfm(request, rng):
    rate = request["audio_hz"]
    return [_audio(request), analog.wfm_tx(rate, rate, max_dev=request["peak_deviation_hz"])]


def ofdm(request, rng):
    """Packets with preamble, header, pilots and payload, one after another."""
    key, size = "packet_len", request["fft_size"]
    used = [k for k in range(-size * 26 // 64, size * 26 // 64 + 1) if k]
    pilots = used[5 :: len(used) // 4]
    carriers = [k for k in used if k not in pilots]
    values = [(1, 1, 1, -1)[k % 4] for k in range(len(pilots))]
    block = digital.ofdm_tx(
        fft_len=size,
        cp_len=request["cyclic_prefix"],
        packet_length_tag_key=key,
        occupied_carriers=(carriers,),
        pilot_carriers=(pilots,),
        pilot_symbols=(values,),
        bps_payload=request["bits"],
        rolloff=0,
        scramble_bits=True,  # without it the headers are impulses
    )
    packets = _source(rng.integers(256, size=_PAYLOAD * request["packets"]))
    tagged = blocks.stream_to_tagged_stream(gr.sizeof_char, 1, _PAYLOAD, key)
    return [packets, tagged, block]


def _source(values):
    return blocks.vector_source_b(np.asarray(values).astype(np.uint8).tolist(), False)


def _audio(request):
    return blocks.vector_source_f(np.load(request["message"]).tolist(), False)


def _shaped(request):
    taps = filter.firdes.root_raised_cosine(RATE, RATE, 1.0, request["roll_off"], _SPAN * RATE + 1)
    shaping = filter.interp_fir_filter_ccf(RATE, taps)
    if not request.get("offset"):
        return [shaping]
    return [shaping, _HalfSymbolLate()]


class _HalfSymbolLate(gr.hier_block2):
    """The quadrature half a symbol after the phase."""

    def __init__(self):
        one = gr.io_signature(1, 1, gr.sizeof_gr_complex)
        gr.hier_block2.__init__(self, "half_symbol_late", one, one)
        apart, together = blocks.complex_to_float(), blocks.float_to_complex()
        late = blocks.delay(gr.sizeof_float, RATE // 2)
        self.connect(self, apart)
        self.connect((apart, 0), (together, 0))
        self.connect((apart, 1), late, (together, 1))
        self.connect(together, self)


KINDS = {
    "psk": psk,
    "qam": qam,
    "levels": levels,
    "quarter-turned": quarter_turned,
    "apsk": apsk,
    "gfsk": gfsk,
    "gmsk": gmsk,
    "cpm": cpm,
    "am": am,
    "nbfm": nbfm,
    "wbfm": wbfm,
    "ofdm": ofdm,
}


def main():
    folder = Path(sys.argv[1])
    for number, request in enumerate(json.load(sys.stdin)):
        top, sink = gr.top_block(), blocks.vector_sink_c()
        chain = KINDS[request["kind"]](request, np.random.default_rng(request["seed"]))
        top.connect(*chain, sink)
        top.run()
        np.asarray(sink.data(), np.complex64).tofile(folder / f"{number}.c64")
    print(json.dumps({"gnuradio": gr.version()}))


if __name__ == "__main__":
    main()
