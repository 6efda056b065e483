"""Public data sets in miniature, byte for byte in the formats of the large ones."""

import struct

import h5py
import numpy as np

from rfmae.imports.class_order import CLASSES
from rfmae.imports.hisarmod import CLASS_NUMBERS
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit
from rfmae.units import db_to_ratio

ELEVEN = (
    *("8PSK", "AM-DSB", "AM-SSB", "BPSK", "CPFSK", "GFSK", "PAM4", "QAM16", "QAM64", "QPSK"),
    "WBFM",
)
SNRS = tuple(range(-20, 20, 2))


class Python2Pickle:
    """Writes a dictionary {(str, int): array} as cPickle of python 2 does, in protocol 0 or 2."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.memo = {}

    def dump(self, arrays):
        start = b"(dp1\n" if self.protocol == 0 else b"\x80\x02}q\x01("
        self.memo["the dictionary"] = 1
        items = b"".join(self.item(*item) for item in arrays.items())
        return start + items + (b"." if self.protocol == 0 else b"u.")

    def item(self, key, array):
        name, snr_db = key
        pair = self.mark() + self.text(name.encode()) + self.number(snr_db) + self.tuple(2)
        return pair + self.array(array) + (b"s" if self.protocol == 0 else b"")

    def array(self, array):
        make = self.name("numpy.core.multiarray", "_reconstruct") + (
            self.mark()
            + self.name("numpy", "ndarray")
            + (self.mark() + self.number(0) + self.tuple(1))
            + self.text(b"b")
            + self.tuple(3)
            + b"R"
            + self.put()
        )
        shape = self.mark(len(array.shape))
        shape += b"".join(map(self.number, array.shape)) + self.tuple(len(array.shape))
        data = self.text(array.tobytes())
        state = b"(" + self.number(1) + shape + self.type(array.dtype) + self.false() + data
        return make + state + b"t" + self.put() + b"b"

    def type(self, dtype):
        if dtype.str in self.memo:
            return self.get(dtype.str)
        make = self.name("numpy", "dtype") + self.mark() + self.text(dtype.str[1:].encode())
        make += self.number(0) + self.number(1) + self.tuple(3) + b"R" + self.put(dtype.str)
        minus = b"I-1\n" if self.protocol == 0 else b"J\xff\xff\xff\xff"
        state = b"(" + self.number(3) + self.text(dtype.str[:1].encode()) + b"NNN" + minus * 2
        return make + state + self.number(0) + b"t" + self.put() + b"b"

    def name(self, module, name):
        if (module, name) in self.memo:
            return self.get((module, name))
        return f"c{module}\n{name}\n".encode() + self.put((module, name))

    def put(self, name=None):
        number = len(self.memo) + 1
        self.memo[name or number] = number
        if self.protocol == 0:
            return b"p%d\n" % number
        return b"q" + bytes([number]) if number < 256 else b"r" + struct.pack("<i", number)

    def get(self, name):
        number = self.memo[name]
        return b"g%d\n" % number if self.protocol == 0 else b"h" + bytes([number])

    def mark(self, items=1):
        return b"(" if self.protocol == 0 or items > 3 else b""

    def tuple(self, items):
        short = {1: b"\x85", 2: b"\x86", 3: b"\x87"}.get(items, b"t")
        return (b"t" if self.protocol == 0 else short) + self.put()

    def text(self, value):
        if self.protocol == 0:
            return b"S" + repr(value)[1:].encode() + b"\n" + self.put()
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value + self.put()
        return b"T" + struct.pack("<i", len(value)) + value + self.put()

    def number(self, value):
        if self.protocol == 0:
            return b"I%d\n" % value
        return b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)

    def false(self):
        return b"I00\n" if self.protocol == 0 else b"\x89"


def python2_pickle(arrays, protocol):
    return Python2Pickle(protocol).dump(arrays)


def radioml_cells(rng, classes=ELEVEN, snrs=SNRS, rows=2):
    """Arrays (n, 2, 128); `rows` is a number, or a function of the place of the class."""
    count = rows if callable(rows) else lambda _: rows
    return {
        (name, snr): rng.normal(size=(count(place), 2, 128)).astype(np.float32)
        for snr in reversed(snrs)  # no order that a loader could lean on
        for place, name in enumerate(classes)
    }


def class_rows(name, rows, rng, snr_db=30.0):
    """I/Q (rows, 1024) of a class of RadioML 2018.01A, noise, phase and carrier offset included."""
    modulation = find_modulation(name)
    streams = dict.fromkeys(("bits", "message", "ofdm start"), rng).__getitem__
    iq = transmit(modulation, Pulse(rolloff=0.35), 8, 1024, rows, streams)
    phase = rng.random((rows, 1)) + rng.uniform(-3e-4, 3e-4, (rows, 1)) * np.arange(1024)
    noise = rng.normal(size=(2, rows, 1024)) * np.sqrt(db_to_ratio(-snr_db) / 2)
    return (iq * np.exp(2j * np.pi * phase) + noise[0] + 1j * noise[1]).astype(np.complex64)


def write_radioml2018(path, rng, *, order=CLASSES, snrs=(0, 30), rows=6):
    """The signals of `order` one after another, class-major, then SNR."""
    blocks = [class_rows(name, rows, rng, snr) for name in order for snr in snrs]
    label = np.repeat(np.arange(24), rows * len(snrs))
    iq = np.concatenate(blocks)
    with h5py.File(path, "w") as file:
        file["X"] = np.stack([iq.real, iq.imag], axis=-1)
        file["Y"] = np.eye(24, dtype=np.int64)[label]
        file["Z"] = np.tile(np.repeat(np.array(snrs), rows), 24)[:, None]
    return iq, label


def matlab_text(iq):
    """Rows of complex numbers as MATLAB writes them."""
    return "".join(
        ",".join(f"{x.real:.6g}{x.imag:+.6g}i" for x in row.astype(complex)) + "\n" for row in iq
    )


def write_hisarmod(folder, rng, train_rows=20, test_rows=26, numbers=tuple(CLASS_NUMBERS)):
    """Rows in turns of classes; returns the I/Q of each part."""
    made = {}
    for part, count in (("train", train_rows), ("test", test_rows)):
        inside = folder / part.capitalize()
        inside.mkdir(parents=True)
        iq = (rng.normal(size=(count, 1024)) + 1j * rng.normal(size=(count, 1024))) / 3
        labels = [numbers[row % len(numbers)] for row in range(count)]
        (inside / f"{part}_data.csv").write_text(matlab_text(iq))
        (inside / f"{part}_labels.csv").write_text("".join(f"{number}\n" for number in labels))
        (inside / f"{part}_snr.csv").write_text("18\n" * count)
        made[part] = iq
    return made
