"""The README as a newcomer reads it: every code block is run, in a fresh copy, in order."""

import re
import shutil
from pathlib import Path

import pytest

from rfmae.datasets.recipe import parse_recipe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def test_the_quickstart_is_the_first_code_block_within_25_lines():
    before, _, after = README.partition("```bash\n")
    assert after.startswith("make quickstart\n")
    assert before.count("\n") < 25


def test_every_code_block_is_a_command_python_or_a_recipe():
    assert BLOCKS
    assert {language for language, _ in BLOCKS} <= {"bash", "python", "toml"}


@pytest.mark.parametrize("text", [code for language, code in BLOCKS if language == "toml"])
def test_every_recipe_of_the_readme_reads(text):
    assert parse_recipe(text)


def test_every_file_that_the_readme_names_is_there():
    for target in re.findall(r"\]\(([^)h][^)]*)\)", README):
        assert (ROOT / target.partition("#")[0]).exists(), target


@pytest.fixture(scope="module")
def fresh_copy(tmp_path_factory):
    """The files of the project and nothing else: no environment, no artefacts."""
    copy = tmp_path_factory.mktemp("fresh") / "rfmae"
    kept_out = shutil.ignore_patterns(
        ".git", ".venv", "artifacts", "*.egg-info", "build", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=kept_out)
    return copy


MADE = ("make", "python", ".venv")
"""What make says of its own."""


@pytest.mark.slow
def test_every_code_block_runs_in_a_fresh_copy(succeed, fresh_copy):
    outputs = []
    for language, code in BLOCKS:
        if language == "toml":
            (fresh_copy / f"{parse_recipe(code).name}.toml").write_text(code, encoding="utf-8")
            continue
        command = ["bash", "-euc", code] if language == "bash" else [".venv/bin/python", "-c", code]
        outputs.append(succeed(command, fresh_copy))
    quickstart, recording, python, own = outputs[:4]
    assert "pre-training is worth" in quickstart
    _, _, after = quickstart.partition(".venv/bin/rfmae quickstart\n")  # what pip said is before
    said = [line for line in after.splitlines() if not line.startswith(MADE)]
    assert 2 < len(said) < 16, said
    report = Path(re.search(r"^Report: (.+)$", quickstart, flags=re.MULTILINE)[1])
    assert (fresh_copy / report).is_file()
    assert "1 burst in" in recording and " QPSK " in recording
    assert python.startswith("QPSK")
    assert ": QPSK, probability" in own
    assert (fresh_copy / "my" / "radio.png").stat().st_size > 10_000
    for name in ("overview", "label-curve", "accuracy", "confusion"):
        assert (fresh_copy / report.parent / "figures" / f"{name}.png").stat().st_size > 10_000
