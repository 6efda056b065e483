"""New SigMF metadata of a recording that is there: its own fields, and annotations beside them.

Files that are no SigMF (raw, WAV, `.npy`) are described as what the standard calls a
non-conforming dataset: `core:dataset` names the file, headers and trailers are counted in bytes.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.artefacts import disk_errors, write_json
from rfmae.captures.containers import is_npy
from rfmae.captures.record import Annotation, Capture
from rfmae.captures.sample_types import SAMPLE_TYPES
from rfmae.captures.sigmf_archives import is_archive
from rfmae.captures.sigmf_files import NAMESPACE, SIGMF_VERSION, Fields, check_metadata
from rfmae.captures.sigmf_reading import meta_of
from rfmae.captures.standard_input import STANDARD_INPUT
from rfmae.captures.wav import is_wav
from rfmae.captures.wav_chunks import wav_layout
from rfmae.errors import ArtefactError, CaptureError

_META, _DATA = ".sigmf-meta", ".sigmf-data"
_EXTENSIONS = (
    {"name": NAMESPACE, "version": "1.0.0", "optional": True},
    {"name": "signal", "version": "1.0.0", "optional": True},
)


@dataclass(frozen=True, slots=True)
class Finding:
    """An annotation to add, and fields of other namespaces that go with it."""

    mark: Annotation
    fields: Mapping[str, Any] = field(default_factory=dict)


def annotated_path(recording: Path, suffix: str) -> Path:
    """Where the metadata of a recording go that are not its own: beside it, with a suffix.

    >>> annotated_path(Path("a/tone.sigmf-meta"), "-bursts").name
    'tone-bursts.sigmf-meta'
    """
    stem = recording.stem if recording.suffix in (_META, _DATA) else recording.name
    return recording.with_name(f"{stem}{suffix}{_META}")


def check_target(recording: Path, target: Path) -> None:
    """Refuse a place for new metadata before anything is computed.

    Raises:
        ArtefactError: A file that is there, another folder than that of the data, another suffix.
        CaptureError: A recording that no metadata can refer to.
    """
    if recording == STANDARD_INPUT:
        raise CaptureError(
            "standard input is no file that metadata could refer to; write it to a file first"
        )
    if is_archive(recording):
        raise CaptureError(f"{recording} is an archive, whose data have no file; unpack it first")
    if target.suffix != _META:
        raise ArtefactError(f"metadata of SigMF are named NAME{_META}, got {target}")
    if target.exists():
        raise ArtefactError(f"{target} exists; choose another name or remove it first")
    if target.parent.resolve() != recording.parent.resolve():
        raise ArtefactError(
            f"metadata must lie beside their data, as SigMF names data without a folder: {target} "
            f"is not in the folder of {recording}"
        )


def write_annotated(capture: Capture, findings: Sequence[Finding], target: Path) -> Path:
    """Write metadata of a whole recording with further annotations; nothing is overwritten.

    The edges of findings are in Hz from the centre of the recording; they are written at radio
    frequency where the capture that they begin in states one, as the standard says.

    Raises:
        ArtefactError: A target that `check_target` refuses.
        CaptureError: Samples that SigMF has no type for.
    """
    check_target(capture.path, target)
    meta = _described(capture)
    stated = meta["global"]
    stated["core:extensions"] = _with_ours(stated.get("core:extensions"))
    first = stated.get("core:offset", 0)
    marks = [_fields(finding, capture, first) for finding in findings]
    meta["captures"] = sorted(meta.get("captures", []), key=lambda item: item["core:sample_start"])
    meta["annotations"] = sorted(
        [*meta.get("annotations", []), *marks], key=lambda item: item["core:sample_start"]
    )
    check_metadata(meta)
    with disk_errors(target):
        write_json(target, meta)
    return target


def _with_ours(declared: Any) -> list[Any]:
    """The extensions that a recording declares, and those of the annotations."""
    kept = declared if isinstance(declared, list) else []
    known = [item.get("name") for item in kept if isinstance(item, dict)]
    return [*kept, *(item for item in _EXTENSIONS if item["name"] not in known)]


def _fields(finding: Finding, capture: Capture, first: int) -> Fields:
    """An annotation in the fields of the standard, and those of other namespaces."""
    mark = finding.mark
    begun = [each for each in capture.segments if each.start <= mark.start]
    centre_hz = begun[-1].centre_frequency_hz if begun else math.nan
    centre_hz = 0.0 if math.isnan(centre_hz) else centre_hz
    edges = {
        "core:freq_lower_edge": centre_hz + mark.low_hz,
        "core:freq_upper_edge": centre_hz + mark.high_hz,
    }
    texts = {"core:label": mark.label, "core:comment": mark.comment}
    return {
        "core:sample_start": first + mark.start,
        "core:sample_count": mark.count,
        "core:generator": "rfmae classify",
        **{name: text for name, text in texts.items() if text},
        **(edges if all(map(math.isfinite, edges.values())) else {}),
        **finding.fields,
    }


def _described(capture: Capture) -> Fields:
    """The metadata of a recording: its own, or those of its file."""
    path = capture.path
    if path.suffix in (_META, _DATA):
        meta = path if path.suffix == _META else meta_of(path)
        found: Fields = json.loads(meta.read_text(encoding="utf-8"))
        found["global"].setdefault("core:dataset", meta.with_suffix(_DATA).name)
        return found
    header, trailer = _around(path)
    centre_hz = capture.segments[0].centre_frequency_hz
    stated = {
        "core:datatype": _datatype(capture),
        "core:version": SIGMF_VERSION,
        "core:sample_rate": capture.sample_rate_hz,
        "core:num_channels": 1,
        "core:dataset": path.name,
    }
    begin: Fields = {"core:sample_start": 0}
    return {
        "global": stated | ({"core:trailing_bytes": trailer} if trailer else {}),
        "captures": [
            begin
            | ({"core:header_bytes": header} if header else {})
            | ({} if math.isnan(centre_hz) else {"core:frequency": centre_hz})
        ],
    }


def _around(path: Path) -> tuple[int, int]:
    """The bytes before and after the samples of a file that is no SigMF."""
    size = path.stat().st_size
    if is_wav(path):
        layout = wav_layout(path)
        if layout.depth_bytes == 3:
            raise CaptureError(
                f"SigMF has no type for the 24 bits of {path}; convert it to 32 bits"
            )
        return layout.offset, size - layout.offset - layout.n_bytes
    if is_npy(path):
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        if values.dtype.kind != "c" and (values.ndim != 2 or values.shape[1] != 2):
            raise CaptureError(
                f"SigMF has no order of samples for {path}, which is {values.shape}; save it as "
                "complex (T,)"
            )
        return int(values.offset), 0
    return 0, 0


def _datatype(capture: Capture) -> str:
    """The type of the file, which SigMF must know."""
    name = capture.datatype
    if name in SAMPLE_TYPES or name.startswith("r"):
        return name
    raise CaptureError(f"SigMF has no type for the {name} of {capture.path}")
