"""A command loads the libraries that it uses, and no other: they take longer than a short job."""

import ast
import inspect
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from rfmae_cli.training_commands import pretrain

UNUSED = {"sklearn", "matplotlib", "jinja2", "tensorboardX", "dask", "distributed", "sigmf"}
"""Libraries of reports, baselines, loggers and clusters, and of writing SigMF."""


def imports_of(command):
    """The import statements inside a command."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(command)))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert found
    return "\n".join(map(ast.unparse, found))


def loaded_after(code, *arguments):
    """Top-level modules that are loaded after some code, in a process of its own."""
    listing = "import json, sys; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{listing}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


RUN = """
import sys
from rfmae_cli.app import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
"""


@pytest.mark.slow
def test_commands_import_no_library_that_they_do_not_use():
    loaded = loaded_after("\n".join(map(imports_of, (pretrain,))))
    assert "torch" in loaded
    assert loaded & UNUSED == set()


@pytest.mark.slow
def test_a_pretraining_loads_no_library_that_it_does_not_use(dataset, tmp_path):
    options = ("--preset", "tiny", "--epochs", 1, "--batch", 8, "--network", "vit")
    folder = tmp_path / "run"
    loaded = loaded_after(
        RUN, "pretrain", "--data", dataset.folder, "--out", folder, *options, "--device", "cpu"
    )
    assert (folder / "best.json").is_file()
    assert loaded & UNUSED == set()


@pytest.mark.slow
def test_a_classification_loads_no_library_that_it_does_not_use(classifier, record, tmp_path):
    recording = record(tmp_path / "capture")
    loaded = loaded_after(RUN, "classify", recording, "--model", classifier, "--device", "cpu")
    assert "torch" in loaded
    assert loaded & UNUSED == set()


NOT_OF_BURSTS = {*UNUSED, "torch", "h5py"}
"""Libraries that finding and naming bursts does without."""


OF_BURSTS = """
import sys
import rfmae_cli.burst_view, rfmae_cli.classify_commands
import rfmae.workflows.inspect.burst_json, rfmae.workflows.inspect.burst_tables
import rfmae.workflows.inspect.following, rfmae.workflows.inspect.identified
assert 'scipy.signal' not in sys.modules
"""


def test_what_finds_bursts_loads_neither_torch_nor_what_draws():
    assert loaded_after(OF_BURSTS) & NOT_OF_BURSTS == set()


def test_finding_bursts_loads_neither_torch_nor_what_draws(record, tmp_path):
    recording = record(tmp_path / "capture", np.exp(0.3j * np.arange(20_000)))
    loaded = loaded_after(f"{RUN}\nassert 'scipy.signal' not in sys.modules", "classify", recording)
    assert loaded & NOT_OF_BURSTS == set()
