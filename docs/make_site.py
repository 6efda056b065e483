"""The documentation site, of the pages that lie in the repository: python docs/make_site.py [OUT]

Pages are gathered in one folder, as a site needs them, and mkdocs builds it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    **{f"docs/{path.name}": path.name for path in sorted((ROOT / "docs").glob("*.md"))},
}
"""Pages of the repository, and what they are called on the site."""

_LINK = re.compile(r"\[([^\]]*)\]\(([^)#:\s]+)((?:#[^)]*)?)\)")


def gather(folder: Path) -> None:
    """The pages with links among themselves; other files of the repository are named alone."""
    shutil.copytree(ROOT / "docs" / "figures", folder / "figures")
    for page, name in PAGES.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        (folder / name).write_text(_linked(text, Path(page).parent), encoding="utf-8")


def _linked(text: str, home: Path) -> str:
    def link(found: re.Match[str]) -> str:
        text, path, section = found.groups()
        target = (ROOT / home / path).resolve().relative_to(ROOT).as_posix()
        if target in PAGES:
            return f"[{text}]({PAGES[target]}{section})"
        if target.startswith("docs/figures/"):
            return f"[{text}]({target.removeprefix('docs/')})"
        return text

    return _LINK.sub(link, text)


def main(out: Path) -> None:
    """Gather and build; a link that leads nowhere stops it."""
    with tempfile.TemporaryDirectory() as gathered:
        gather(Path(gathered))
        settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        config = Path(gathered).with_suffix(".yml")
        config.write_text(f"docs_dir: {gathered}\n{settings}", encoding="utf-8")
        options = ["--strict", "-q", "-f", str(config), "-d", str(out.resolve())]
        build = [sys.executable, "-m", "mkdocs", "build", *options]
        try:
            subprocess.run(build, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
        finally:
            config.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site")
