"""One writer of a folder at a time; nothing is left of those that were killed, nothing shadowed."""

import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rfmae.artefacts import written_whole
from rfmae.errors import ArtefactError
from rfmae.training.run_folder import RunFolder

RFMAE = [sys.executable, "-c", "from rfmae_cli.start import main; main()"]
SLOW_RECIPE = """
schema = 1
name = "slow"
about = "Long enough to be stopped."
seed = 1
[source]
modulations = ["BPSK", "QPSK"]
[source.channel]
snr = "0"
[splits]
train = 200000
validation = 1
test = 1
"""


def write_and_wait(folder, begun):
    with written_whole(folder) as scratch:
        (scratch / "file").write_text("half")
        begun.set()
        time.sleep(60)


@pytest.fixture
def writer(tmp_path):
    """A process that is writing a folder."""
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    process = context.Process(target=write_and_wait, args=(tmp_path / "out", begun))
    process.start()
    assert begun.wait(30)
    yield process
    process.kill()
    process.join()


def test_two_writers_of_one_folder_wait_for_each_other(writer, tmp_path):
    with (
        pytest.raises(ArtefactError, match=r"another process is writing .*out; wait for it"),
        written_whole(tmp_path / "out"),
    ):
        pytest.fail("it was written")
    assert [path.name for path in tmp_path.iterdir()] == [f".out.partial-{writer.pid}"]


def test_what_a_killed_writer_left_is_swept_by_the_next(writer, tmp_path):
    writer.kill()
    writer.join()
    assert [path.name for path in tmp_path.iterdir()] == [f".out.partial-{writer.pid}"]
    with written_whole(tmp_path / "out") as scratch:
        (scratch / "file").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "file").read_text() == "whole"


def test_an_output_that_is_a_link_is_written_where_it_points(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for text in ("first", "second"):
        with written_whole(tmp_path / "link", replaces="thing") as scratch:
            (scratch / "card.json").write_text(f'{{"kind": "thing", "text": "{text}"}}')
    assert (tmp_path / "link").is_symlink()
    assert "second" in (tmp_path / "target" / "card.json").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"link", "target"}


@pytest.mark.parametrize("name", [".", "/", ""])
def test_an_output_without_a_name_is_refused_in_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(ArtefactError, match="it is no folder of its own"),
        written_whole(Path(name)),
    ):
        pytest.fail("it was written")


def test_two_trainings_of_one_run_wait_for_each_other(tmp_path):
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    first.hold()
    first.hold()  # the same process again
    with pytest.raises(ArtefactError, match="another process is training in"):
        second.hold()
    first.release()
    second.hold()
    second.release()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc lists the workers")
@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGKILL, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_workers_end_with_the_command_and_import_nothing_from_here(tmp_path, number):
    (tmp_path / "slow.toml").write_text(SLOW_RECIPE)
    for name in ("json", "numpy", "struct"):  # harmless modules of standard names
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')\nraise SystemExit('shadowed')\n")
    process = subprocess.Popen(
        [sys.executable, "-P", *RFMAE[1:], "synth", "--recipe", "slow.toml", "--workers", "2",
         "--out", "data"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    workers = []
    deadline = time.monotonic() + 60
    while len(workers) < 2:
        assert time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.1)
        workers = children_of(process.pid, "popen_loky")
    time.sleep(1)  # so that both have begun a task
    process.send_signal(number)
    process.wait(30)
    time.sleep(3)
    assert [pid for pid in workers if is_alive(pid)] == []
    assert not (tmp_path / "ran").exists()
    if number == signal.SIGTERM:
        assert process.returncode == 143
        assert "terminated; finished parts are kept" in process.stderr.read()
    process.stderr.close()


def children_of(parent, word):
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit()
        and status_of(entry.name).get("PPid") == str(parent)
        and word in command_line_of(entry.name)
    ]


def is_alive(pid):
    return status_of(pid).get("State", "Z")[0] != "Z"


def status_of(pid):
    """The fields of /proc/PID/status; none of a process that ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def command_line_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
