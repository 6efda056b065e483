"""Files that hold no bare samples are never read as samples, whatever their name and type."""

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
import scipy.io

from rfmae.captures.containers import container_kind
from rfmae.captures.reading import read_capture
from rfmae.errors import CaptureError

IQ = np.arange(64).astype(np.complex64)


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", bytes(800))


def write_npz(path):
    with path.open("wb") as file:
        np.savez(file, iq=IQ)


def write_hdf5(path):
    with h5py.File(path, "w") as file:
        file["iq"] = IQ


def write_tar(path):
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("a")
        info.size = 800
        archive.addfile(info, io.BytesIO(bytes(800)))


def write_pickle(protocol):
    return lambda path: path.write_bytes(pickle.dumps({("QPSK", 2): IQ}, protocol=protocol))


CONTAINERS = {
    "zip": write_zip,
    ".npz": write_npz,
    "HDF5": write_hdf5,
    ".mat": lambda path: scipy.io.savemat(path, {"iq": IQ}, appendmat=False),
    "gzip": lambda path: path.write_bytes(gzip.compress(bytes(800))),
    "xz": lambda path: path.write_bytes(lzma.compress(bytes(800))),
    "bzip2": lambda path: path.write_bytes(bz2.compress(bytes(800))),
    "tar": write_tar,
    **{f"pickle {number}": write_pickle(number) for number in range(6)},
}


@pytest.mark.parametrize("name", ["a.bin", "a.cf32", "a.dat", "a.npy"])
@pytest.mark.parametrize("kind", CONTAINERS)
def test_another_kind_of_file_is_named_with_the_way_out(tmp_path, kind, name):
    path = tmp_path / name
    CONTAINERS[kind](path)
    with pytest.raises(CaptureError) as caught:
        read_capture(path, datatype="cu8", sample_rate_hz=1)
    assert kind.split()[0] in str(caught.value)
    assert "rfmae import" in str(caught.value) or "unpack" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
def test_samples_are_no_other_kind_of_file(tmp_path, seed):
    path = tmp_path / "a.bin"
    data = np.random.default_rng(seed).integers(0, 256, 4000).astype(np.uint8)
    data[:2] = 128, [2, 3, 4, 5][seed % 4]  # how pickles begin
    data[-1] = 0
    data.tofile(path)
    assert container_kind(path) is None
