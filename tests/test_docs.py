"""The pages of docs show what comes with rfmae and what was measured."""

import importlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rfmae

DOCS = Path(__file__).parents[1] / "docs"
MEASURED = ("pretraining", "results")


@pytest.fixture
def script(monkeypatch):
    """A script of the pages, by its name."""
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module


def test_the_tables_of_ceilings_are_those_that_come_along(script):
    page = (DOCS / "ceilings.md").read_text(encoding="utf-8")
    assert script("pages").filled(page, script("make_ceilings").parts()) == page


@pytest.mark.parametrize("name", [*MEASURED, "audit", "receiver", "recordings"])
def test_the_tables_of_a_page_are_what_was_measured(script, name):
    found = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert script("pages").filled(page, script(f"make_{name}").parts(found)) == page


def test_the_page_of_settings_is_what_the_code_declares(script):
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == script("make_settings").page()


def test_the_page_of_python_names_is_what_the_docstrings_say(script):
    made = script("make_api").page()
    assert (DOCS / "api.md").read_text(encoding="utf-8") == made
    listed = {
        name.rpartition(".")[2] for names in script("make_api").PUBLIC.values() for name in names
    }
    assert listed == set(rfmae.__all__)


def test_links_of_the_site_lead_to_its_pages(script, tmp_path):
    site = script("make_site")
    site.gather(tmp_path)
    index = (tmp_path / "index.md").read_text(encoding="utf-8")
    assert "](results.md#few-labels)" in index and "](docs/" not in index
    for page in tmp_path.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (tmp_path / target).is_file(), (page.name, target)


@pytest.mark.parametrize("name", ["ceilings", *MEASURED])
def test_the_figure_of_a_page_is_there(name):
    assert (DOCS / "figures" / f"{name}.png").is_file()


def test_two_that_write_results_at_once_lose_none(script, tmp_path, monkeypatch):
    pages = script("pages")
    write = pages.write_results

    def slowly(path, found):
        time.sleep(0.02)  # while others may read what is there
        write(path, found)

    monkeypatch.setattr(pages, "write_results", slowly)
    writers = [pages.Results.of(tmp_path / "found.json", {"seeds": 2}) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        for seed in range(6):
            pool.submit(writers[seed % 2].add, seed, "accuracy", str(seed))
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["settings"] == {"seeds": 2}
    assert found["accuracy"].keys() == {str(seed) for seed in range(6)}


def test_a_part_that_the_page_lacks_is_refused(script):
    with pytest.raises(SystemExit, match="<!-- tables -->, got 0"):
        script("pages").filled("nothing to fill", {"tables": "a table"})
