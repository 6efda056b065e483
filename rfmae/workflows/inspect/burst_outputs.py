"""What is written of the bursts of a recording: annotations, a page."""

from dataclasses import dataclass
from pathlib import Path

from rfmae.artefacts import HOME
from rfmae.bursts.records import RecordingAnswer
from rfmae.captures.record import Capture
from rfmae.captures.sigmf_annotating import annotated_path, check_target
from rfmae.captures.standard_input import STANDARD_INPUT
from rfmae.errors import ArtefactError
from rfmae.workflows.inspect.burst_annotations import SUFFIX, annotate

_PAGE = ".html"


@dataclass(frozen=True, slots=True)
class Outputs:
    """Whether annotations and a page are wanted; `out` names the one that is."""

    annotations: bool = False
    page: bool = False
    out: Path | None = None

    def check(self, recording: Path) -> None:
        """Refuse places that nothing can be written to, before anything is computed."""
        if self.annotations:
            check_target(recording, self._annotations_of(recording))
        if self.page and self._page_of(recording).suffix.lower() != _PAGE:
            raise ArtefactError(f"a page is named NAME{_PAGE}, got {self._page_of(recording)}")

    def write(self, capture: Capture, answer: RecordingAnswer) -> tuple[Path, ...]:
        """Write what is wanted, each file whole or not at all."""
        written = []
        if self.annotations:
            written.append(annotate(capture, answer, self._annotations_of(capture.path)))
        if self.page:
            from rfmae.workflows.inspect.burst_report import write_page  # imports matplotlib

            written.append(write_page(capture, answer, self._page_of(capture.path)))
        return tuple(written)

    def _annotations_of(self, recording: Path) -> Path:
        return self.out or annotated_path(recording, SUFFIX)

    def _page_of(self, recording: Path) -> Path:
        stem = "standard-input" if recording == STANDARD_INPUT else recording.stem
        return self.out or HOME / "reports" / f"{stem}{SUFFIX}{_PAGE}"
