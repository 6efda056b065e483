"""The package needs torch and nothing of its surroundings, which may be absent or broken."""

import subprocess
import sys

import pytest

PEERS = (
    "torchvision",
    "timm",
    "lightning",
    "pytorch_lightning",
    "tensorboard",
    "tensorboardX",
    "transformers",
)

IMPORT_ALL = """
import importlib, pkgutil, sys
import rfmae, rfmae_cli
for package in (rfmae, rfmae_cli):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from rfmae_cli.app import app
try:
    app(["--help"])
except SystemExit as end:
    assert end.code == 0
from rfmae.models.denomae import DenoMAE
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import denomae_config, encoder_config
DenoMAE(denomae_config("tiny", encoder_config("tiny", (PatchGrid("image", (1, 32, 32), 8),))))
assert not {*sys.modules} & {*PEERS}, {*sys.modules} & {*PEERS}
"""

ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in PEERS:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


def run(code, *paths):
    """The code in an interpreter that looks for modules in some folders first."""
    before = f"import sys\nsys.path[:0] = {[str(path) for path in paths]}\nPEERS = {PEERS}\n"
    return subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, check=False
    )


@pytest.mark.slow  # where they are broken, all is imported, too
def test_everything_is_imported_and_built_where_no_peer_is_installed():
    done = run(ABSENT + IMPORT_ALL)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def broken(tmp_path):
    """Peers that cannot be imported, as a torchvision for another torch cannot."""
    for name in PEERS:
        (tmp_path / name).mkdir()
        content = 'raise OSError("libcudart.so.13: cannot open shared object file")\n'
        (tmp_path / name / "__init__.py").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_networks_are_built_where_every_peer_is_broken(broken):
    assert "libcudart" in run("import torchvision", broken).stderr
    done = run(IMPORT_ALL, broken)
    assert done.returncode == 0, done.stderr
