import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """A module of the benchmarks, by its name; one whose library is absent skips the test."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def imported(name):
        try:
            return importlib.import_module(name)
        except (ImportError, OSError) as error:
            if not name.startswith("peers."):
                raise
            return pytest.skip(f"{name}: {str(error).splitlines()[0]}")

    return imported
