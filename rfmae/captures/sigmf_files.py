"""Atomic writing of the two files of a SigMF recording, with valid metadata."""

import json
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rfmae.artefacts import versions
from rfmae.errors import ArtefactError, CaptureError

NAMESPACE = "rfmae"
"""The optional namespace of fields that SigMF does not define."""

Fields = dict[str, Any]
"""Names of the standard or of the namespace, and their values in JSON."""

_EXTENSION = {"name": NAMESPACE, "version": "1.0.0", "optional": True}
SIGMF_VERSION = "1.2.0"  # of the standard; fixed, so that equal input gives equal bytes
_SUFFIXES = (".sigmf-meta", ".sigmf-data")


@dataclass(frozen=True, slots=True)
class Pair:
    """The final names of a recording; `meta`, `data` and `marks` are the temporary files."""

    stem: Path

    @property
    def final_meta(self) -> Path:
        return self.stem.with_name(f"{self.stem.name}.sigmf-meta")

    @property
    def final_data(self) -> Path:
        return self.stem.with_name(f"{self.stem.name}.sigmf-data")

    @property
    def meta(self) -> Path:
        return self._beside("sigmf-meta")

    @property
    def data(self) -> Path:
        return self._beside("sigmf-data")

    @property
    def marks(self) -> Path:
        return self._beside("annotations")

    def _beside(self, name: str) -> Path:
        return self.stem.with_name(f".{self.stem.name}.{name}.partial")

    def refuse_existing(self) -> None:
        parent = self.stem.parent
        if any(folder.is_file() for folder in (parent, *parent.parents)):
            raise ArtefactError(f"cannot write into {parent}: a part of the path is a file")
        for path in (self.final_meta, self.final_data):
            if path.exists():
                raise ArtefactError(f"{path} exists; choose another name or remove it first")


@contextmanager
def pair_written_whole(path: str | Path) -> Iterator[Pair]:
    """Files beside the final ones, which take their names when the block succeeds."""
    path = Path(path)
    pair = Pair(path.with_suffix("") if path.suffix in _SUFFIXES else path)
    pair.refuse_existing()
    if not pair.stem.parent.is_dir():
        pair.stem.parent.mkdir(parents=True)
    try:
        yield pair
        pair.data.replace(pair.final_data)
        try:
            pair.meta.replace(pair.final_meta)
        except OSError:
            pair.final_data.unlink()
            raise
    finally:
        for partial in (pair.meta, pair.data, pair.marks):
            partial.unlink(missing_ok=True)


def write_metadata(
    path: Path, stated: Fields, capture: Fields, lines: Iterable[str], *, example: list[Fields]
) -> None:
    """Write the three parts, the annotations line by line, validated by the sigmf package.

    `example` are the annotations to validate: all, or one of very many of the same form.
    """
    captures = [{"core:sample_start": 0, **capture}]
    check_metadata({"global": stated, "captures": captures, "annotations": example})
    with path.open("w", encoding="utf-8") as file:
        head = json.dumps({"global": stated, "captures": captures}, indent=2, allow_nan=False)
        file.write(head.removesuffix("\n}") + ',\n  "annotations": [')
        for number, line in enumerate(lines):
            file.write(f"{',' if number else ''}\n    {line}")
        file.write("\n  ]\n}\n")


def check_metadata(metadata: Fields) -> None:
    """Refuse metadata that the sigmf package does not find valid."""
    from jsonschema import ValidationError  # type: ignore[import-untyped]
    from sigmf.validate import validate  # slow to import and needed here alone

    try:
        with warnings.catch_warnings():  # of namespaces that a recording of others does not declare
            warnings.simplefilter("ignore", DeprecationWarning)
            validate(json.loads(json.dumps(metadata, allow_nan=False)))
    except (ValidationError, TypeError, ValueError) as problem:
        reason = problem.message if isinstance(problem, ValidationError) else problem
        raise CaptureError(f"these are no metadata of SigMF: {reason}") from problem


def global_fields(sample_rate_hz: float, stated: Fields, checksum: str) -> Fields:
    """The global part: fields derived from the file, and those that are given."""
    if not 0 < sample_rate_hz < math.inf:
        raise CaptureError(f"the sample rate must be positive, got {sample_rate_hz:g} Hz")
    return {
        "core:datatype": "cf32_le",
        "core:version": SIGMF_VERSION,
        "core:sample_rate": float(sample_rate_hz),
        "core:num_channels": 1,
        "core:recorder": _recorder(),
        "core:extensions": [_EXTENSION],
        **stated,
        "core:sha512": checksum,
    }


def _recorder() -> str:
    return f"rfmae {versions().get('rfmae', '')}".rstrip()


_OURS = {
    *("core:datatype", "core:version", "core:sample_rate", "core:num_channels", "core:sha512"),
    *("core:dataset", "core:offset", "core:trailing_bytes", "core:extensions"),
}
"""Global fields that are derived from the file, so that a caller may not set them."""


def free_fields(extras: Mapping[str, Any]) -> Fields:
    """Further global fields, where they are in a declared namespace and free to choose."""
    for name in extras:
        if name.partition(":")[0] not in ("core", NAMESPACE) or ":" not in name:
            raise CaptureError(f"extras are named core:... or {NAMESPACE}:..., got {name!r}")
        if name in _OURS:
            raise CaptureError(f"{name} follows from the file; leave it out of extras")
    return dict(extras)
