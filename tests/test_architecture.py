"""The import rules of ARCHITECTURE.md: allowed imports, and third-party libraries by package."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rfmae"

BASE = {
    "errors",
    "units",
    "records",
    "progress",
    "artefacts",
    "plain",
    "configuration",
    "user_code",
}

ALLOWED_IMPORTS: dict[str, set[str]] = {
    "errors": set(),
    "units": {"errors"},
    "plain": {"errors"},
    "configuration": {"errors", "plain"},
    "user_code": {"errors"},
    "records": {"errors", "units", "plain", "configuration", "user_code"},
    "progress": set(),
    "artefacts": {"errors", "plain"},
    "signal": set(),
    "captures": set(),
    "imaging": set(),
    "models": set(),
    "evaluation": set(),
    "analysis": set(),
    "reporting": set(),
    "datasets": {"signal"},
    "imports": {"datasets", "signal", "captures"},
    "theory": {"signal", "imaging"},
    "baselines": {"signal", "theory"},
    "inference": {"models", "imaging", "signal"},
    "bursts": {"signal"},
    "training": {"signal", "datasets", "imaging", "models", "evaluation"},
    "workflows": {
        "signal",
        "captures",
        "imports",
        "imaging",
        "models",
        "evaluation",
        "reporting",
        "datasets",
        "theory",
        "baselines",
        "analysis",
        "inference",
        "bursts",
        "training",
    },
    "classifying": {"bursts", "captures", "inference", "workflows"},
    "api": {"workflows", "bursts", "captures", "datasets", "inference", "models", "reporting"},
    "sklearn": {"workflows", "datasets", "inference", "models", "training"},
    "__init__": {"api", "captures", "datasets", "inference", "classifying"},
}
"""Which packages a package may import, beside the base modules."""

LIBRARIES: dict[str, set[str]] = {
    "torch": {
        "imports",
        "imaging",
        "models",
        "training",
        "inference",
        "theory",
        "baselines",
        "evaluation",
    },
    "safetensors": {"models", "bursts"},
    "h5py": {"datasets", "imports"},
    "joblib": {"datasets", "bursts"},
    "distributed": {"datasets"},
    "ray": {"datasets"},
    "sigmf": {"captures"},
    "sklearn": {"evaluation", "baselines", "sklearn"},
    "matplotlib": {"reporting"},
    "jinja2": {"reporting"},
    "playwright": set(),
    "tensorboardX": {"training"},
    "transformers": set(),
    "typer": set(),
    "rich": set(),
}
"""In which packages a third-party library may be imported."""

FORBIDDEN_NAMES = {"utils", "core", "common", "helpers", "misc"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def package_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


@cache
def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a module imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found.add(node.module or "")
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_packages_import_only_what_is_allowed(path):
    package = package_of(path)
    imported = {name.split(".")[1] for name in imports_of(path) if name.startswith("rfmae.")}
    base = BASE if package not in BASE else set()
    assert imported <= ALLOWED_IMPORTS[package] | base | {package}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_in_their_packages(path):
    package = package_of(path)
    for library in {name.split(".")[0] for name in imports_of(path)} & set(LIBRARIES):
        assert package in LIBRARIES[library], f"{library} is not allowed in {package}"


def test_the_package_never_imports_the_command_line():
    for path in MODULES:
        assert not any(name.startswith("rfmae_cli") for name in imports_of(path)), path


def test_the_allowed_imports_have_no_cycle():
    levels: dict[str, int] = {}
    while len(levels) < len(ALLOWED_IMPORTS):
        ready = [
            package
            for package, allowed in ALLOWED_IMPORTS.items()
            if package not in levels and allowed <= {*levels}
        ]
        assert ready, f"a cycle among {sorted(set(ALLOWED_IMPORTS) - set(levels))}"
        levels.update(dict.fromkeys(ready, len(levels)))


def test_no_module_has_a_generic_name():
    assert not FORBIDDEN_NAMES & {path.stem for path in MODULES}


def test_decibels_are_converted_in_units_alone():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if path.stem != "units":
            assert "** (" not in text or "/ 10" not in text, path
            assert "log10" not in text, path


def test_nothing_draws_from_a_global_generator():
    for path in MODULES:
        if path.stem == "user_network":  # which puts the generator back
            continue
        text = path.read_text(encoding="utf-8")
        assert "np.random.seed" not in text, path
        assert "torch.manual_seed" not in text, path
        assert "torch.random." not in text, path


def test_the_package_lists_every_folder_with_code():
    import tomllib

    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    folders = {
        str(path.parent.relative_to(ROOT)).replace("/", ".") for path in PACKAGE.rglob("*.py")
    }
    assert listed == folders | {"rfmae_cli", "rfmae_recipes"}
