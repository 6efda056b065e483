"""docs/api.md, of the docstrings of every public name: python docs/make_api.py

The page is made by griffe2md from `rfmae.api` and the modules below; a test holds it to the code.
"""

import re
from pathlib import Path

from griffe import Alias, GriffeLoader, Object, Parser
from griffe2md import ConfigDict, default_config, render_object_docs

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "api.md"

PUBLIC: dict[str, tuple[str, ...]] = {
    "Jobs": (
        "rfmae.api.synthesise",
        "rfmae.api.pretrain",
        "rfmae.api.finetune",
        "rfmae.api.evaluate",
        "rfmae.api.transfer",
        "rfmae.classifying.classify",
        "rfmae.api.plot",
    ),
    "Models": (
        "rfmae.classifying.load_classifier",
        "rfmae.inference.denoisers.load_denoiser",
        "rfmae.inference.answering.load_encoder",
    ),
    "Data": (
        "rfmae.datasets.recipe.load_recipe",
        "rfmae.datasets.store.open_dataset",
        "rfmae.datasets.streaming.endless",
    ),
    "Recordings": (
        "rfmae.captures.reading.read_capture",
        "rfmae.captures.reading.read_sigmf",
        "rfmae.captures.sigmf_collections.recordings_of",
        "rfmae.captures.sigmf_writing.write_sigmf",
    ),
    "Images": ("rfmae.inference.input_pipeline.render_images",),
}
"""What stands on the page, by heading."""

CONFIG = ConfigDict(
    **{
        **default_config,
        "docstring_style": "google",
        "show_root_full_path": False,
        "show_signature_annotations": True,
        "heading_level": 3,
        "line_length": 90,
    }
)

HEAD = """# Python

Every name here is an attribute of `rfmae`: `import rfmae; rfmae.synthesise(...)`. Errors are
`rfmae.errors.RfmaeError` of one line. I/Q is complex64 with time last, labels are integers in the
order of `classes`, SNRs are in dB. Examples run in the tests. Made by `make docs`.
"""


def page() -> str:
    """The whole page."""
    package = GriffeLoader(search_paths=[ROOT], docstring_parser=Parser.google).load("rfmae")
    blocks = [HEAD]
    for heading, names in PUBLIC.items():
        blocks.append(f"## {heading}\n")
        for name in names:
            found: Object | Alias = package[name.removeprefix("rfmae.")]
            blocks.append(_plain(render_object_docs(found, CONFIG)).strip() + "\n")
    return "\n".join(blocks)


def _plain(markdown: str) -> str:
    """Types as code, without links to what has no place on the page."""
    unlinked = re.sub(r"\[([^\[\]]+)\]\(#[^)]*\)", r"\1", markdown)
    return re.sub(r"<code>(.*?)</code>", r"`\1`", unlinked)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
