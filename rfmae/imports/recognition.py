"""Which kind of data set a path holds, by its content, and how it is opened."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rfmae.captures.read_options import ReadOptions
from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_files import CONTAINERS, array_form
from rfmae.imports.arrays.array_source import ArrayFile, ArrayOptions
from rfmae.imports.hisarmod import HisarMod, is_hisarmod
from rfmae.imports.radioml import RadioMl2016, is_radioml_2016
from rfmae.imports.radioml2018 import RadioMl2018, check_class_order, is_radioml_2018
from rfmae.imports.recordings.listing import (
    holds_recordings,
    list_recordings,
    refuse_unlabelled,
)
from rfmae.imports.recordings.recording_source import RecordingSource
from rfmae.imports.sources import DataSource

Form = Literal["radioml-2016", "radioml-2018", "hisarmod", "arrays", "recordings"]
FORMS: tuple[Form, ...] = ("radioml-2016", "radioml-2018", "hisarmod", "arrays", "recordings")


def recognise(path: Path) -> Form:
    """The kind of data set at a path, by its content."""
    if path.is_dir():
        if is_hisarmod(path):
            return "hisarmod"
        if holds_recordings(path):
            return "recordings"
        raise DatasetError(
            f"{path} is a folder, but neither HisarMod2019.1 nor one with a folder of recordings "
            "for each class; name a file in it"
        )
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    if holds_recordings(path):
        return "recordings"
    container = array_form(path)
    if container is None:
        refuse_unlabelled(path)
        raise DatasetError(
            f"{path} is none of the known kinds: a pickle of RadioML 2016, the HDF5 file of "
            f"RadioML 2018.01A, the folder of HisarMod2019.1, I/Q with labels in {CONTAINERS}, "
            "folders of recordings, a table of them, or SigMF with annotations"
        )
    if container == "hdf5" and is_radioml_2018(path):
        return "radioml-2018"
    if container == "pickle" and is_radioml_2016(path):
        return "radioml-2016"
    return "arrays"


def open_source(path: Path, form: Form, options: ArrayOptions) -> DataSource:
    """Open a data set of a kind; only plain arrays need labels, SNRs and classes as options."""
    if form == "arrays":
        return ArrayFile(path, options)
    given = [name for name in _OPTIONS if getattr(options, name)]
    if given:
        raise DatasetError(
            f"{path} has its own labels, SNRs and classes; leave out {_OPTIONS[given[0]]}, or read "
            "it as any arrays with --format arrays"
        )
    return _OPENERS[form](path)


_OPTIONS = {
    "labels": "--label-file",
    "snr": "--snr-file",
    "classes": "--classes",
    "axes": "--axes",
    "iq_key": "--iq-key",
    "label_key": "--label-key",
    "snr_key": "--snr-key",
    "first_label": "--first-label",
}


def _open_recordings(path: Path) -> DataSource:
    """Recordings whose examples are their whole stretches."""
    reading = ReadOptions(rate_unstated_hz=math.nan)
    return RecordingSource("recordings", list_recordings(path, reading), reading)


_OPENERS: dict[Form, Callable[[Path], DataSource]] = {
    "recordings": _open_recordings,
    "radioml-2016": RadioMl2016,
    "radioml-2018": RadioMl2018,
    "hisarmod": HisarMod,
}


def order_note(path: Path) -> str:
    """A note on the class order of a RadioML 2018.01A file, verified from its signals.

    A file whose signals are in the order of the wrong list is refused.
    """
    order = check_class_order(path)
    if order.verdict == "published":
        raise DatasetError(
            f"the signals of {path} are in the order of the published list, not in that of the "
            "set; bring the columns of Y into the order of the set"
        )
    if order.verdict == "correct":
        return "the order of the classes was proven from the signals"
    return (
        "the order of the classes could not be proven from the signals; that of the set was taken"
    )
