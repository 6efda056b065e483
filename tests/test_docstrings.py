"""The examples in the docstrings run, and every public name has one."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import rfmae

MODULES = sorted(
    info.name for info in pkgutil.walk_packages(rfmae.__path__, "rfmae.") if "._" not in info.name
)


def examples_of(name):
    """The doctests of a module; those of what it imports belong to where that is defined."""
    module = importlib.import_module(name)
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


EXAMPLES = {test.name: test for name in ("rfmae", *MODULES) for test in examples_of(name)}


@pytest.mark.usefixtures("no_figures", "few_directions")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_a_docstring_is_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    test = EXAMPLES[name]
    public = {each: getattr(rfmae, each) for each in rfmae.__all__}
    test.globs = {"np": np, **public, **test.globs}
    output = []
    found = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
    assert found.failed == 0 and found.attempted, "".join(output)


@pytest.mark.parametrize("name", rfmae.__all__)
def test_a_public_name_has_arguments_results_errors_and_an_example(name):
    text = inspect.getdoc(getattr(rfmae, name))
    for section in ("Args:", "Returns:", "Raises:", "Examples:\n    >>>"):
        assert section in text, section
