"""Arrays of a file, whatever its container: recognised by its first bytes, never executed."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py

from rfmae.errors import ARRAY_DAMAGES, DatasetError, first_line
from rfmae.imports.arrays.hdf5_files import open_hdf5, open_matlab_73
from rfmae.imports.arrays.lazy_array import Arrays
from rfmae.imports.arrays.matlab_files import open_matlab
from rfmae.imports.arrays.npy_files import open_npy, open_npz
from rfmae.imports.arrays.pickle_files import open_pickle
from rfmae.imports.arrays.torch_files import open_torch

_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"MATLAB 5.0 MAT-file": "mat",
    b"MATLAB 7.3 MAT-file": "mat 7.3",
    b"\x89HDF\r\n\x1a\n": "hdf5",
}
_PICKLES = (b"\x80", b"(", b"}", b"]")
_LONGEST = max(map(len, _MAGIC))

CONTAINERS = ".npy, .npz, .mat, HDF5, a pickle of arrays, or .pt of tensors"
"""What can be read, in words."""


def array_form(path: Path) -> str | None:
    """The kind of array file, by its first bytes."""
    with path.open("rb") as file:
        beginning = file.read(_LONGEST)
    form = next((form for magic, form in _MAGIC.items() if beginning.startswith(magic)), None)
    if form == "npz" and _is_of_torch(path):
        return "torch"
    if form is None and h5py.is_hdf5(path):  # behind a block of the user's
        return "hdf5"
    return form or ("pickle" if beginning.startswith(_PICKLES) else None)


def open_arrays(path: Path) -> Arrays:
    """The arrays of a file by their place, such as ("train", "X"); () where it is one array.

    Files of .npy, HDF5 and .npz stay on the disk; an older .mat is read whole.
    """
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    form = array_form(path)
    if form is None:
        raise DatasetError(f"{path} must be {CONTAINERS}, but begins otherwise")
    try:
        return _OPENERS[form](path)
    except ARRAY_DAMAGES as problem:
        raise DatasetError(f"{path} cannot be read: {first_line(problem):.160}") from problem


def _is_of_torch(path: Path) -> bool:
    """Whether a zip was written by torch.save, which puts everything below one folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


_OPENERS: dict[str, Callable[[Path], Arrays]] = {
    "npy": open_npy,
    "npz": open_npz,
    "mat": open_matlab,
    "mat 7.3": open_matlab_73,
    "hdf5": open_hdf5,
    "pickle": open_pickle,
    "torch": open_torch,
}
