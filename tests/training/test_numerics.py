import json
import subprocess
import sys

import pytest
import torch

from rfmae.errors import TrainingError
from rfmae.training import numerics
from rfmae.training.numerics import (
    EXACT,
    Measured,
    Numerics,
    apply_precision,
    autocast,
    measure_product,
    probe,
    restored_precision,
    tune_allocator,
)

CPU = torch.device("cpu")
ONEDNN = hasattr(getattr(torch.backends.mkldnn, "matmul", None), "fp32_precision")
needs_onednn = pytest.mark.skipif(not ONEDNN, reason="this torch has no such setting")

# of a processor that multiplies bfloat16 in hardware and float32 best through oneDNN
FAST = {"float32": (100, 2e-7), "onednn": (220, 4e-7), "bfloat16": (450, 3e-3)}
# of one whose oneDNN rounds to bfloat16 as soon as it may
ROUNDING = {**FAST, "onednn": (900, 3e-3)}
# of one that only emulates bfloat16
PLAIN = {"float32": (100, 2e-7), "onednn": (105, 4e-7), "bfloat16": (60, 3e-3)}


def stopwatch(table):
    return lambda way, device: Measured(*table[way])


@pytest.fixture
def setting():
    """Torch's setting of oneDNN's products, found by every test as it comes."""
    found = torch.backends.mkldnn.matmul
    before = found.fp32_precision
    yield found
    assert found.fp32_precision == before


@pytest.fixture
def no_onednn(monkeypatch):
    """A torch that is older than the setting."""
    monkeypatch.setattr(numerics, "_onednn", lambda: None)


@needs_onednn
def test_a_probe_keeps_what_was_measured():
    found = probe(CPU, measure=stopwatch(FAST))
    assert {way: (m.gflops, m.relative_error) for way, m in found.measured.items()} == FAST


@needs_onednn
@pytest.mark.parametrize(
    ("table", "precision", "route"),
    [
        (FAST, "bfloat16", "onednn"),
        (ROUNDING, "bfloat16", "default"),
        (PLAIN, "float32", "default"),
        ({**FAST, "bfloat16": (300, 3e-3)}, "float32", "onednn"),  # 1.4 times oneDNN's float32
        ({**FAST, "onednn": (140, 4e-7)}, "bfloat16", "default"),  # 1.4 times as it comes
        ({**ROUNDING, "bfloat16": (900, 3e-3)}, "bfloat16", "default"),
    ],
)
def test_the_measurement_chooses(table, precision, route):
    found = probe(CPU, measure=stopwatch(table))
    assert (found.precision, found.route) == (precision, route)


@needs_onednn
@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
@pytest.mark.parametrize("table", [FAST, ROUNDING, PLAIN], ids=["fast", "rounding", "plain"])
def test_a_precision_that_is_named_is_taken(wanted, table):
    assert probe(CPU, wanted, measure=stopwatch(table)).precision == wanted


@needs_onednn
def test_the_faster_of_two_rounds_counts():
    rates = iter([90, 200, 440, 100, 210, 430])
    found = probe(CPU, measure=lambda way, device: Measured(next(rates), 1e-7))
    assert [m.gflops for m in found.measured.values()] == [100, 210, 440]


def test_an_unknown_precision_is_refused_in_one_line():
    with pytest.raises(TrainingError, match="auto, float32, bfloat16, got 'float16'") as caught:
        probe(CPU, "float16", measure=stopwatch(FAST))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_ten_bits_are_taken_only_where_eight_are(precision):
    gpu = torch.device("cuda")
    route = probe(gpu, precision, measure=stopwatch(FAST)).route
    assert route == ("tf32" if precision == "bfloat16" else "default")


def test_this_machine_is_measured_against_float64():
    found = probe(CPU)
    assert set(found.measured) >= {"float32", "bfloat16"}
    assert all(measured.gflops > 0 for measured in found.measured.values())
    assert 1e-8 < found.measured["float32"].relative_error < EXACT  # 24 bits, 384 terms
    assert 1e-3 < found.measured["bfloat16"].relative_error < 1e-2  # 8 bits
    assert found.route == "default" or found.measured["onednn"].exact


def test_the_stopwatch_sees_what_a_product_takes(monkeypatch):
    clock = iter([0.0, 0.25, 1.0, 1.125, 2.0, 2.5])
    monkeypatch.setattr(numerics.time, "perf_counter", lambda: next(clock))
    found = measure_product("float32", CPU)
    assert found.gflops == round(2 * 384**3 / 0.125 / 1e9, 1)  # the quickest of three


@needs_onednn
def test_settings_are_given_back(setting):
    found = Numerics("float32", "onednn", {})
    before = setting.fp32_precision
    with apply_precision(found):
        assert setting.fp32_precision == "bf16"
    assert setting.fp32_precision == before
    with pytest.raises(ZeroDivisionError), apply_precision(found):
        raise ZeroDivisionError
    assert setting.fp32_precision == before


@needs_onednn
def test_a_user_s_own_setting_is_given_back(setting):
    before = setting.fp32_precision
    try:
        setting.fp32_precision = "tf32"
        with apply_precision(Numerics("float32", "onednn", {})):
            pass
        assert setting.fp32_precision == "tf32"
    finally:
        setting.fp32_precision = before


@needs_onednn
def test_probing_changes_no_setting(setting):
    threads = torch.get_num_threads()
    probe(CPU)
    assert torch.get_num_threads() == threads
    assert torch.get_float32_matmul_precision() == "highest"


def test_tf32_is_given_back():
    with apply_precision(Numerics("bfloat16", "tf32", {})):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_torch_without_the_setting_multiplies_as_it_comes(no_onednn):
    found = probe(CPU, measure=stopwatch(FAST))
    assert set(found.measured) == {"float32", "bfloat16"}
    assert found.route == "default"
    with apply_precision(found):
        assert torch.ones(2, 2).matmul(torch.ones(2, 2)).sum() == 8


@pytest.mark.parametrize("has", [True, False], ids=["no precision", "no matmul"])
def test_a_missing_attribute_is_no_error(monkeypatch, has):
    class Older:
        if has:
            matmul = object()

        @staticmethod
        def is_available():
            return True

    monkeypatch.setattr(torch.backends, "mkldnn", Older)
    assert "onednn" not in probe(CPU, measure=stopwatch(FAST)).measured


@needs_onednn
@pytest.mark.parametrize("table", [FAST, ROUNDING, PLAIN], ids=["fast", "rounding", "plain"])
def test_a_card_holds_everything(table):
    found = probe(CPU, measure=stopwatch(table))
    assert Numerics.from_card(json.loads(json.dumps(found.as_card()))) == found


@needs_onednn
def test_a_line_states_what_was_decided_and_why():
    line = str(probe(CPU, measure=stopwatch(FAST)))
    assert "\n" not in line
    assert line.startswith("bfloat16, float32 through oneDNN")
    assert "onednn 220 (error 4e-07)" in line


@needs_onednn
@pytest.mark.parametrize(
    ("table", "route"), [(FAST, "onednn"), (PLAIN, "onednn"), (ROUNDING, "default")]
)
def test_a_run_goes_on_as_it_began_unless_that_would_round_here(table, route):
    card = probe(CPU, measure=stopwatch(FAST)).as_card()
    found = restored_precision(card, CPU, measure=stopwatch(table))
    assert (found.precision, found.route) == ("bfloat16", route)
    assert found.as_card()["measured"] == card["measured"]


def test_a_run_goes_on_where_its_route_does_not_exist(no_onednn):
    onednn = Numerics("float32", "onednn", {}).as_card()
    assert restored_precision(onednn, CPU, measure=stopwatch(FAST)).route == "default"
    tf32 = Numerics("bfloat16", "tf32", {})
    assert restored_precision(tf32.as_card(), CPU).route == "default"
    assert restored_precision(tf32.as_card(), torch.device("cuda")) == tf32


def test_autocast_changes_products_only_where_enabled():
    a = torch.rand(4, 4)
    with autocast(CPU, "float32"):
        assert (a @ a).dtype == torch.float32
    with autocast(CPU, "bfloat16"):
        assert (a @ a).dtype == torch.bfloat16


@needs_onednn
def test_the_exact_route_is_exact_for_all_products_of_a_step(setting):
    generator = torch.Generator().manual_seed(0)
    if not measure_product("onednn", CPU).exact:
        pytest.skip("this processor rounds to bfloat16 as soon as it may")
    shapes = [((98, 64), (64, 192)), ((4, 50, 32), (4, 32, 50)), ((7, 33), (33, 5))]
    for left, right in shapes:
        a, b = torch.randn(left, generator=generator), torch.randn(right, generator=generator)
        with apply_precision(Numerics("float32", "onednn", {})):
            found = (a @ b).double()
        exact = a.double() @ b.double()
        assert torch.linalg.norm(found - exact) < EXACT * torch.linalg.norm(exact)


# the heap of a process of its own: the allocator keeps its settings
FAULTS = """
import resource, torch
from rfmae.training.numerics import tune_allocator
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(16):
        torch.ones(2_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
plain = faults()
assert tune_allocator() == tune_allocator()
faults()
print(plain, tune_allocator(), faults())
"""


def test_memory_is_kept_from_step_to_step():
    made = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    plain, has_setting, tuned = made.stdout.split()
    if has_setting != "True":
        pytest.skip("this C library has no such setting")
    # sixteen times 8 MB in pages of 4 kB are 31,000 faults, where pages are not huge
    assert int(tuned) < max(64, int(plain) // 4)


def test_without_such_an_allocator_nothing_happens(monkeypatch):
    def none(name):
        raise OSError

    monkeypatch.setattr(numerics.ctypes, "CDLL", none)
    assert tune_allocator.__wrapped__() is False
    monkeypatch.setattr(numerics.ctypes, "CDLL", lambda name: object())
    assert tune_allocator.__wrapped__() is False
