"""The doors of ARCHITECTURE.md: who may import whom, and which guests stay in which rooms."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rfmae"

GROUND = {"errors", "units", "records", "progress", "artefacts", "plain"}

DOORS: dict[str, set[str]] = {
    "errors": set(),
    "units": {"errors"},
    "plain": {"errors"},
    "records": {"errors", "units", "plain"},
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
    "imports": {"datasets", "signal"},
    "theory": {"signal", "imaging"},
    "baselines": {"signal", "theory"},
    "inference": {"models", "imaging", "signal"},
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
        "training",
    },
    "api": {"workflows", "captures", "datasets", "inference", "reporting"},
    "sklearn": {"workflows", "datasets", "inference", "models", "training"},
    "__init__": {"api", "captures", "datasets", "inference"},
}
"""Which rooms a room may open, beside the ground."""

GUESTS: dict[str, set[str]] = {
    "torch": {"imaging", "models", "training", "inference", "theory", "baselines", "evaluation"},
    "safetensors": {"models"},
    "h5py": {"datasets", "imports"},
    "joblib": {"datasets"},
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
"""In which rooms a library may be imported."""

FORBIDDEN_NAMES = {"utils", "core", "common", "helpers", "misc"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


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
def test_rooms_open_only_their_doors(path):
    room = room_of(path)
    opened = {name.split(".")[1] for name in imports_of(path) if name.startswith("rfmae.")}
    ground = GROUND if room not in GROUND else set()
    assert opened <= DOORS[room] | ground | {room}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_guests_stay_in_their_rooms(path):
    room = room_of(path)
    for guest in {name.split(".")[0] for name in imports_of(path)} & set(GUESTS):
        assert room in GUESTS[guest], f"{guest} is no guest of {room}"


def test_the_library_never_opens_the_command_line():
    for path in MODULES:
        assert not any(name.startswith("rfmae_cli") for name in imports_of(path)), path


def test_the_doors_have_no_circle():
    floors: dict[str, int] = {}
    while len(floors) < len(DOORS):
        ready = [room for room, opens in DOORS.items() if room not in floors and opens <= {*floors}]
        assert ready, f"a circle among {sorted(set(DOORS) - set(floors))}"
        floors.update(dict.fromkeys(ready, len(floors)))


def test_no_room_is_a_lumber_room():
    assert not FORBIDDEN_NAMES & {path.stem for path in MODULES}


def test_decibels_are_converted_in_units_alone():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if path.stem != "units":
            assert "** (" not in text or "/ 10" not in text, path
            assert "log10" not in text, path


def test_nothing_draws_from_a_global_generator():
    for path in MODULES:
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
