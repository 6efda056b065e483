import sys
from pathlib import Path

import numpy as np
import pytest
from small_predictors import linear_recipe, write

from rfmae.errors import CheckpointError, DatasetError, RfmaeError, ShapeError
from rfmae.workflows.evaluate.functions import is_function, load_function
from rfmae.workflows.evaluate.predictors import open_predictor

SOURCE = """
import numpy as np

CLASSES = 3


def even(iq):
    return np.full((len(iq), CLASSES), 1 / CLASSES)


def knows_snr(iq, snr_db):
    sure = snr_db[:, None] > 5
    return np.where(sure, [[1.0, 0.0, 0.0]], 1 / CLASSES)


knows_snr.wants_snr = True


def vandal(iq):
    iq[:] = 0
    return even(iq)


def scores(iq):
    return 3 * even(iq)


def negative(iq):
    return np.tile([2.0, -1.0, 0.0], (len(iq), 1))


def unsure(iq):
    return np.full((len(iq), CLASSES), np.nan)


def few(iq):
    return even(iq)[:, :2]


def none(iq):
    pass


def broken(iq):
    raise RuntimeError("no antenna\\nsecond line")


def waveform(iq):
    return even(iq)


waveform.views = "waveform"


def both(views):
    assert set(views) == {"symbols", "waveform"}
    return even(views["waveform"])


both.views = ("symbols", "waveform")


def spectrum(iq):
    return even(iq)


spectrum.views = "spectrum"


class Net:
    def __init__(self):
        self.views = ["symbols"]

    def __call__(self, iq):
        assert iq.dtype == np.complex64
        return even(iq)

    def method(self, iq):
        return even(iq)


net = Net()
number = 7
"""


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write(linear_recipe(tiny_recipe), tmp_path_factory.mktemp("functions"))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with somebody's module, and sys.path as it was afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    for name in ("my_radio", "my_broken", "my_quitter", "my_package", "my_package.inner"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "my_radio.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "my_broken.py").write_text("import my_missing_library\n", encoding="utf-8")
    (tmp_path / "my_quitter.py").write_text("raise SystemExit('gone')\n", encoding="utf-8")
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "inner.py").write_text("from my_radio import even\n")
    return tmp_path


def probabilities_of(dataset, name):
    """What a function answers to the test split, once it is open."""
    predictor = open_predictor(dataset, Path(name), "cpu")
    return predictor.answer(dataset.read_views("test", predictor.views))


@pytest.mark.parametrize(
    "name", ["my_radio:even", "my_radio:net", "my_radio:net.method", "my_package.inner:even"]
)
def test_a_function_of_the_current_folder_sits_the_exam(dataset, here, name):
    np.testing.assert_allclose(probabilities_of(dataset, name), np.full((180, 3), 1 / 3))
    predictor = open_predictor(dataset, Path(name), "cpu")
    assert (predictor.views, predictor.network) == (("symbols",), None)
    assert predictor.card == {"kind": "function", "function": name}


def test_a_function_that_asks_for_the_snr_is_reported_it(dataset, here):
    sure = probabilities_of(dataset, "my_radio:knows_snr").max(axis=1) == 1
    np.testing.assert_array_equal(sure, dataset.labels("test")[1] > 5)


def test_a_function_cannot_alter_the_exam_of_the_others(dataset, here):
    predictor = open_predictor(dataset, Path("my_radio:vandal"), "cpu")
    observed = dataset.read_views("test", ("symbols",))
    before = observed["symbols"].iq.copy()
    predictor.answer(observed)
    np.testing.assert_array_equal(observed["symbols"].iq, before)


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("my_radio:missing", CheckpointError, "module my_radio has no 'missing'"),
        ("my_radio:number", CheckpointError, "must be a function, got int"),
        ("my_radar:even", CheckpointError, "ModuleNotFoundError: No module named 'my_radar'"),
        ("my_broken:even", CheckpointError, "No module named 'my_missing_library'"),
        ("my_quitter:even", CheckpointError, "SystemExit: gone"),
        ("my_radio:broken", CheckpointError, "failed on I/Q .*RuntimeError: no antenna$"),
        ("my_radio:few", ShapeError, r"BPSK, QPSK, 16QAM, got \(2, 2\)"),
        ("my_radio:none", ShapeError, r"got \(\)"),
        ("my_radio:scores", ShapeError, "must sum to 1 for each example, got 3"),
        ("my_radio:negative", ShapeError, "not negative"),
        ("my_radio:unsure", ShapeError, "finite"),
        ("my_radio:waveform", DatasetError, "needs the waveform.*holds the symbols alone"),
        ("my_radio:both", DatasetError, "needs the waveform"),
        ("my_radio:spectrum", CheckpointError, "symbols or waveform, got 'spectrum'"),
    ],
)
def test_what_is_wrong_with_a_function_is_one_line_that_names_it(
    dataset, here, name, error, message
):
    with pytest.raises(error, match=message) as caught:
        probabilities_of(dataset, name)
    assert isinstance(caught.value, RfmaeError)
    assert "\n" not in str(caught.value)
    assert name.split(":")[0] in str(caught.value)


def test_a_function_of_two_views_is_given_both(tiny_recipe, tmp_path_factory, here):
    receiver = tiny_recipe.source.receiver
    recipe = linear_recipe(tiny_recipe, receiver=type(receiver)(observe="both"))
    dataset = write(recipe, tmp_path_factory.mktemp("views"))
    assert probabilities_of(dataset, "my_radio:both").shape == (180, 3)


@pytest.mark.parametrize("name", ["a:b", "a.b.c:d.e", "_a:_b", "größe:mittel"])
def test_a_function_is_recognised_by_its_name(name):
    assert is_function(Path(name))


@pytest.mark.parametrize("name", ["a", "a:b:c", "a/b:c", "a.:b", ":b", "a:", "C:", "1a:b", "a-b:c"])
def test_anything_else_is_no_function(name):
    assert not is_function(Path(name))


def test_a_folder_of_that_name_comes_first(here):
    (here / "a:b").mkdir()
    assert not is_function(Path("a:b"))


def test_installed_functions_are_found_too():
    assert load_function("numpy.linalg:norm") is np.linalg.norm
