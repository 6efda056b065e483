"""Inputs that do not exist are told before anything is loaded."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rfmae.errors import RfmaeError
from rfmae.user_code import is_code_name

_MISSING = {
    "data": "no data set folder {}; make one with `rfmae synth`",
    "model": "no checkpoint folder {}",
    "classifier": "no checkpoint folder {}",
    "recordings": "no recording {}",
    "source": "no such file or folder: {}",
    "path": "no such file or folder: {}",
    "label_file": "no file {}",
    "snr_file": "no file {}",
    "test": "no such file or folder: {}",
    "validation": "no such file or folder: {}",
    "config": "no settings {}: no such file or folder",
}
"""The parameters that name an input, and what is said where there is none."""

_WORDS = ("likelihood", "likelihood-blind")  # models that are no files


def check_inputs(options: Mapping[str, object]) -> None:
    """Raise for the first parameter of a command that names a file or folder that is not there."""
    for name, words in _MISSING.items():
        paths = list(_paths(options.get(name)))
        missing = [path for path in paths if not _is_there(path)]
        if missing and not (name == "recordings" and _are_independent(paths, missing, options)):
            raise RfmaeError(words.format(missing[0]))


def _are_independent(paths: list[Path], missing: list[Path], options: Mapping[str, object]) -> bool:
    """Whether recordings that are there are looked at all the same: by no model of the user."""
    return len(missing) < len(paths) and options.get("model") is None


def _paths(given: object) -> Iterator[Path]:
    for item in given if isinstance(given, list | tuple) else [given]:
        if isinstance(item, Path):
            yield item


def _is_there(path: Path) -> bool:
    """Whether there is such an input; SigMF is also named without its suffix, code by its name."""
    name = str(path)
    if name in ("-", *_WORDS) or is_code_name(name):
        return True
    try:
        return path.exists() or path.with_name(f"{path.name}.sigmf-meta").exists()
    except OSError:  # a name that no file can have
        return False
