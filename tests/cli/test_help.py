"""Help comes at once: nothing heavy is imported before a command needs it."""

import json
import subprocess
import sys

import pytest
from rfmae_cli.app import COMMANDS, app
from rfmae_cli.start import main
from typer.testing import CliRunner

HEAVY = ("torch", "matplotlib", "h5py", "scipy", "sklearn", "joblib", "safetensors", "sigmf")

AFTER_HELP = """
import json, sys
from rfmae_cli.app import app
loaded = {}
for arguments in json.loads(sys.argv[1]):
    try:
        app(arguments)
    except SystemExit as end:
        assert end.code == 0, (arguments, end.code)
    loaded[" ".join(arguments)] = sorted({name.split(".")[0] for name in sys.modules})
json.dump(loaded, sys.stderr)
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_of_the_help_is_cut_off_at_eighty_columns(command, monkeypatch):
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    page = CliRunner().invoke(app, [command, "--help"], terminal_width=80).stdout
    assert max(map(len, page.splitlines())) <= 80
    for whole in ("cuda, …", "networks, …", "pretrain …", "1, …"):
        page = page.replace(whole, "")
    assert "…" not in page


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def loaded():
    """Top-level modules that are loaded after each help page, in one process of its own."""
    pages = [["--help"], *([command, "--help"] for command in COMMANDS)]
    done = python("-c", AFTER_HELP, json.dumps(pages))
    assert done.returncode == 0, done.stderr
    return {page: set(modules) for page, modules in json.loads(done.stderr).items()}


def test_help_lists_every_command():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert [name for name in COMMANDS if name not in result.stdout] == []
    assert result.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_says_what_it_does(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    first_words = " ".join(COMMANDS[command].__doc__.split()[:3])
    assert first_words in " ".join(result.stdout.split())


EXAMPLES = [
    line.removeprefix("Example: ").split()
    for command in COMMANDS.values()
    for line in map(str.strip, command.__doc__.splitlines())
    if line.startswith("Example: ")
]


@pytest.mark.parametrize("command", ["synth", "import", "show", "plot"])
def test_the_commands_about_data_have_an_example(command):
    assert ["rfmae", command] in [example[:2] for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=" ".join)
def test_examples_name_options_that_exist(example):
    page = CliRunner().invoke(app, [example[1], "--help"], env={"COLUMNS": "200"}).stdout
    options = [word for word in example if word.startswith("--")]
    known = page.split("Options")[1].replace(",", " ")  # of an option by two names
    assert [option for option in options if f"{option} " not in known] == []


def test_the_bare_command_shows_its_help():
    result = CliRunner().invoke(app, [])
    assert "synth" in result.stdout + result.stderr


@pytest.mark.parametrize("page", ["--help", *(f"{command} --help" for command in COMMANDS)])
def test_no_help_page_imports_anything_heavy(loaded, page):
    assert loaded[page].isdisjoint(HEAVY), loaded[page] & set(HEAVY)
    assert "typer" in loaded[page]


def test_importing_the_package_imports_neither_torch_nor_matplotlib():
    done = python("-c", "import rfmae, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()).isdisjoint(HEAVY)


def test_the_package_offers_its_doors_before_it_opens_them():
    done = python(
        "-c", "import rfmae, sys; assert set(rfmae.__all__) <= set(dir(rfmae)); print(*sys.modules)"
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()).isdisjoint(HEAVY)


def test_an_unknown_command_is_refused():
    result = CliRunner().invoke(app, ["synthesize"])
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "synthesize" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["classify", "nowhere.wav", "--model", "nothing"],
        ["probe", "--model", "nothing"],
        ["eval-snr", "--data", "nothing"],
        ["show", "nothing"],
        ["finetune", "--config", "nothing.toml"],
    ],
    ids=" ".join,
)
def test_a_missing_input_is_reported_before_anything_heavy_is_loaded(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = {*sys.modules}
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "no" in result.stderr.split()[1]
    assert len(result.stderr.splitlines()) == 1
    assert {name.split(".")[0] for name in {*sys.modules} - loaded}.isdisjoint(HEAVY)


def test_an_interruption_while_modules_load_is_one_line(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rfmae_cli.app.app", interrupted)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "error: interrupted while starting; nothing was begun\n"
