"""A split file has the same bytes whoever fills it, in whatever order, and however often it was
stopped on the way."""

import collections
import dataclasses
import errno
import hashlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import joblib
import numpy as np
import pytest

from rfmae.datasets import journal, writing
from rfmae.datasets.cards import dataset_card
from rfmae.datasets.journal import resumable, scratch_of
from rfmae.datasets.recipe import SPLITS, parse_recipe, recipe_to_toml
from rfmae.datasets.store import write_dataset
from rfmae.datasets.synthesis import blocks, numbered_block, synthesise
from rfmae.datasets.workers import BACKENDS
from rfmae.datasets.writing import fill_task, split_work
from rfmae.errors import ArtefactError, DatasetError, RfmaeError
from rfmae.progress import Silent

SEVERAL_BLOCKS = """
schema = 1
name = "several"
about = "More than one block at every point, in both views, with a channel that draws."
seed = 7

[source]
modulations = ["BPSK", "16QAM", "GMSK"]
symbols_per_example = 32
samples_per_symbol = 2

[source.channel]
snr = "0:10:10"
timing_offset_symbols = "uniform"

[source.receiver]
observe = "both"

[splits]
train = 130
validation = 1
test = 70
"""

ROWS = {"train": 780, "validation": 6, "test": 420}


@pytest.fixture(scope="module")
def recipe():
    return parse_recipe(SEVERAL_BLOCKS)


@pytest.fixture(scope="module")
def written(recipe, tmp_path_factory):
    return write_dataset(recipe, tmp_path_factory.mktemp("data") / "several")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every task is entered in the journal when it is done."""
    monkeypatch.setattr(journal, "_SYNC_SECONDS", 0.0)


def digests(folder):
    return {
        split: hashlib.sha256((folder / f"{split}.h5").read_bytes()).hexdigest() for split in SPLITS
    }


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def entries(folder):
    """The tasks in the journal of what will be `folder`."""
    return (scratch_of(folder) / ".journal").read_text().splitlines()[1:]


class RecordedProgress(Silent):
    """Progress that is written down."""

    def __init__(self):
        self.stages, self.steps, self.notes = [], [], []

    def stage(self, title, total, unit):
        self.stages.append((title, total, unit))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def advance(self, count=1, **figures):
        self.steps.append((self.stages[-1][0], count))

    def note(self, text):
        self.notes.append(text)

    @property
    def done(self):
        counts = collections.Counter()
        for title, count in self.steps:
            counts[title] += count
        return counts


def counted(calls, *, stop_after=None, error=None):
    """`synthesise` that writes down its blocks, and breaks after some of them."""

    def make(recipe, block):
        if len(calls) == stop_after:
            raise error
        calls.append(block)
        return synthesise(recipe, block)

    return make


def stopped(monkeypatch, recipe, folder, after=7, error=None, progress=None):
    """A run that was interrupted after some blocks."""
    error = error or KeyboardInterrupt()
    with monkeypatch.context() as patch:
        patch.setattr(writing, "synthesise", counted([], stop_after=after, error=error))
        with pytest.raises(BaseException) as caught:
            write_dataset(recipe, folder, progress=progress)
    return caught.value


def resumed(monkeypatch, recipe, folder, **options):
    """A second run, and how many blocks it made."""
    calls = []
    with monkeypatch.context() as patch:
        patch.setattr(writing, "synthesise", counted(calls))
        dataset = write_dataset(recipe, folder, **options)
    return dataset, len(calls)


ALL_BLOCKS = 6 * (3 + 1 + 2)

# whoever fills it, in whatever order --------------------------------------------------------


@pytest.mark.parametrize(
    "backend",
    [None, "loky", pytest.param("multiprocessing", marks=pytest.mark.slow), "threading"],
)
def test_every_backend_makes_the_same_files(written, recipe, tmp_path, backend):
    by_two = write_dataset(recipe, tmp_path / "by-two", workers=2, backend=backend)
    assert digests(by_two.folder) == digests(written.folder)
    assert names(by_two.folder) == names(written.folder)


def test_what_joblib_was_configured_with_is_honoured(written, recipe, tmp_path, monkeypatch):
    import threading

    by = set()

    def watched(recipe, block):
        by.add(threading.current_thread())
        return synthesise(recipe, block)

    monkeypatch.setattr(writing, "synthesise", watched)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        by_threads = write_dataset(recipe, tmp_path / "by-threads")
    assert digests(by_threads.folder) == digests(written.folder)
    assert threading.main_thread() not in by


@pytest.mark.parametrize("order", range(3))
def test_tasks_in_any_order_and_twice_make_the_same_file(written, recipe, tmp_path, order):
    rng = np.random.default_rng(order)
    with resumable(tmp_path / "several", "plan") as scratch:
        for split in SPLITS:
            work = split_work(recipe, split, dataset_card(recipe), scratch)
            for task in rng.permutation(np.repeat(np.arange(work.tasks), 2)):
                assert fill_task(work, int(task)) == task
    assert digests(tmp_path / "several") == digests(written.folder)


@pytest.mark.parametrize("samples", [1, 2**14, 2**22])
def test_the_size_of_a_task_does_not_change_the_files(
    written, recipe, tmp_path, monkeypatch, samples
):
    monkeypatch.setattr(writing, "_TASK_SAMPLES", samples)
    monkeypatch.setattr(writing, "_TASKS_PER_SPLIT", 1)
    other = write_dataset(recipe, tmp_path / "other")
    assert digests(other.folder) == digests(written.folder)


@pytest.mark.parametrize("split", SPLITS)
def test_rows_are_those_of_synthesis_in_every_view(written, recipe, split):
    made = [synthesise(recipe, block) for block in blocks(recipe, split)]
    for view in ("symbols", "waveform"):
        read = written.read(split, view=view)
        observed = np.concatenate([some.views[view].observed.iq for some in made])
        clean = np.concatenate([some.views[view].clean for some in made])
        assert read.observed.iq.tobytes() == observed.astype("<c8").tobytes()
        assert read.clean.tobytes() == clean.astype("<c8").tobytes()
    label = np.concatenate([some.pairs.observed.label for some in made])
    snr_db = np.concatenate([some.pairs.observed.snr_db for some in made])
    assert written.labels(split)[0].tolist() == label.tolist()
    assert written.labels(split)[1].tolist() == snr_db.tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_what_the_channel_drew_stands_beside_each_row(written, recipe, split):
    made = [synthesise(recipe, block).sampled for block in blocks(recipe, split)]
    sampled = written.sampled(split)
    assert set(sampled) == {"phase_offset_turns", "timing_offset_symbols"}
    for name, values in sampled.items():
        expected = np.concatenate([some[name] for some in made]).astype(np.float32)
        assert values.tolist() == expected.tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_blocks_by_number_are_the_blocks_in_order(recipe, split):
    row = 0
    for number, block in enumerate(blocks(recipe, split)):
        assert numbered_block(recipe, split, number) == (row, block)
        row += len(block.positions)
    assert row == ROWS[split]


@pytest.mark.parametrize("samples", [1, 2**14, 2**22])
@pytest.mark.parametrize("split", SPLITS)
def test_tasks_hold_every_block_once(recipe, tmp_path, monkeypatch, samples, split):
    monkeypatch.setattr(writing, "_TASK_SAMPLES", samples)
    monkeypatch.setattr(writing, "_TASKS_PER_SPLIT", 2)
    work = writing.SplitWork(recipe, split, tmp_path, "plan", ())
    shared_out = [block for task in range(work.tasks) for _, block in work.blocks(task)]
    assert shared_out == list(blocks(recipe, split))
    assert sum(map(work.examples, range(work.tasks))) == ROWS[split]


def test_what_is_sent_to_a_worker_does_not_grow_with_the_rows(recipe, tmp_path):
    longer = dataclasses.replace(recipe, splits=dataclasses.replace(recipe.splits, train=50_000))
    with pytest.raises(KeyboardInterrupt), resumable(tmp_path / "several", "plan") as scratch:
        work = split_work(longer, "train", dataset_card(longer), scratch)
        assert len(pickle.dumps(work)) < 2**15
        assert work.tasks < 1000
        raise KeyboardInterrupt


# as HDF5 ------------------------------------------------------------------------------------


def test_a_split_can_be_appended_to(written, tmp_path):
    path = Path(shutil.copy(written.folder / "test.h5", tmp_path))
    with h5py.File(path, "r+") as file:
        for name in ("label", "snr_db", "symbols/observed", "waveform/clean"):
            rows = len(file[name])
            before = file[name][:]
            file[name].resize(rows + 100, axis=0)
            file[name][rows:] = 1
            assert np.array_equal(file[name][:rows], before)
            assert (file[name][rows:] == 1).all()


def test_columns_hold_their_units_of_storage(written):
    with h5py.File(written.folder / "train.h5") as file:
        assert file["label"].dtype == "<i2"
        assert file["snr_db"].dtype == "<f4"
        assert file["symbols/observed"].dtype == file["waveform/clean"].dtype == "<c8"
        assert file["symbols/observed"].shape == (780, 32)
        assert file["waveform/clean"].shape == (780, 64)
        assert file["drawn/timing_offset_symbols"].shape == (780,)
        assert dict(file.attrs)["split"] == "train"
        assert list(file.attrs["classes"]) == ["BPSK", "16QAM", "GMSK"]


def test_a_file_that_is_being_filled_can_be_opened_at_any_time(recipe, tmp_path, monkeypatch):
    stopped(monkeypatch, recipe, tmp_path / "several")
    with h5py.File(scratch_of(tmp_path / "several") / "train.h5") as file:
        assert file["label"][:].tolist() == np.repeat([0, 1, 2], 260).tolist()


# killed, interrupted and taken up again ------------------------------------------------------

SLOW_CHILD = """
import sys, time
from pathlib import Path
from rfmae.datasets import journal, writing
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import write_dataset

journal._SYNC_SECONDS = 0.0
path = Path(sys.argv[2])
add = journal.Scratch.add

def slow(scratch, file, task):
    time.sleep(0.05)
    add(scratch, file, task)

journal.Scratch.add = slow
write_dataset(load_recipe(sys.argv[1]), path, workers=int(sys.argv[3]))
"""


def killed_in_the_middle(recipe, folder, workers, after):
    """A child process that is killed as soon as so many tasks are in its journal."""
    toml = folder.with_name("recipe.toml")
    toml.write_text(recipe_to_toml(recipe))
    command = [sys.executable, "-c", SLOW_CHILD, str(toml), str(folder), str(workers)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for _ in range(3000):
        with_journal = (scratch_of(folder) / ".journal").exists()
        if (with_journal and len(entries(folder)) >= after) or child.poll() is not None:
            break
        time.sleep(0.01)
    assert child.poll() is None, child.stderr.read()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stderr.close()


@pytest.mark.parametrize(("workers", "after"), [(1, 3), (2, 20)])
def test_a_run_that_was_killed_goes_on_to_the_same_files(
    written, recipe, tmp_path, monkeypatch, workers, after
):
    folder = tmp_path / "several"
    killed_in_the_middle(recipe, folder, workers, after)
    assert not folder.exists()
    left = len(entries(folder))
    assert after <= left < ALL_BLOCKS
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS - left  # a task is one block here
    assert digests(dataset.folder) == digests(written.folder)
    assert names(folder) == names(written.folder)


@pytest.mark.parametrize("after", [0, 1, 7, 20, ALL_BLOCKS - 1])
def test_an_interrupted_run_goes_on_where_it_was(written, recipe, tmp_path, monkeypatch, after):
    folder = tmp_path / "several"
    assert isinstance(stopped(monkeypatch, recipe, folder, after), KeyboardInterrupt)
    assert names(tmp_path) == [".several.partial"]
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS - after
    assert digests(dataset.folder) == digests(written.folder)
    assert names(tmp_path) == ["several"]


def test_what_waits_for_the_disk_is_entered_when_a_run_is_interrupted(
    recipe, tmp_path, monkeypatch
):
    monkeypatch.setattr(journal, "_SYNC_SECONDS", 1e9)
    stopped(monkeypatch, recipe, tmp_path / "several", after=7)
    assert len(entries(tmp_path / "several")) == 7


def test_a_run_that_is_interrupted_again_and_again_ends_with_the_same_files(
    written, recipe, tmp_path, monkeypatch
):
    folder = tmp_path / "several"
    for _ in range(ALL_BLOCKS // 7):
        stopped(monkeypatch, recipe, folder, after=7)
    dataset, made = resumed(monkeypatch, recipe, folder, workers=1)
    assert made == ALL_BLOCKS % 7
    assert digests(dataset.folder) == digests(written.folder)


def test_an_interrupted_run_goes_on_with_other_workers(written, recipe, tmp_path, monkeypatch):
    stopped(monkeypatch, recipe, tmp_path / "several", after=20)
    dataset = write_dataset(recipe, tmp_path / "several", workers=2, backend="threading")
    assert digests(dataset.folder) == digests(written.folder)


def test_an_error_that_is_not_of_the_disk_or_the_input_keeps_what_is_done(
    written, recipe, tmp_path, monkeypatch
):
    error = MemoryError("a worker was killed")
    assert stopped(monkeypatch, recipe, tmp_path / "several", after=7, error=error) is error
    dataset, made = resumed(monkeypatch, recipe, tmp_path / "several")
    assert made == ALL_BLOCKS - 7
    assert digests(dataset.folder) == digests(written.folder)


def test_progress_counts_every_example_once_and_says_how_to_go_on(recipe, tmp_path, monkeypatch):
    first, second = RecordedProgress(), RecordedProgress()
    stopped(monkeypatch, recipe, tmp_path / "several", after=20, progress=first)
    write_dataset(recipe, tmp_path / "several", progress=second)
    assert second.stages == [(f"synthesise {split}", ROWS[split], "examples") for split in SPLITS]
    assert second.done == {f"synthesise {split}": ROWS[split] for split in SPLITS}
    assert "the same command resumes" in first.notes[-1]
    assert "resuming from" in second.notes[0]
    assert ".several.partial" in first.notes[-1]


# a journal that cannot be trusted -----------------------------------------------------------


@pytest.mark.parametrize("torn", ["t", "train.h5", "train.h5 1", "tr\xe4in.h5 17"])
def test_a_torn_last_line_is_ignored(written, recipe, tmp_path, monkeypatch, torn):
    folder = tmp_path / "several"
    stopped(monkeypatch, recipe, folder, after=10)
    with (scratch_of(folder) / ".journal").open("ab") as file:
        file.write(torn.encode("latin-1"))
    stopped(monkeypatch, recipe, folder, after=2)
    assert len(entries(folder)) == 12
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS - 12
    assert digests(dataset.folder) == digests(written.folder)


@pytest.mark.parametrize("content", [b"", b"several", b"other plan\ntrain.h5 1\n", b"\xff\x00\n"])
def test_what_has_no_journal_of_this_plan_is_restarted(
    written, recipe, tmp_path, monkeypatch, content
):
    folder = tmp_path / "several"
    stopped(monkeypatch, recipe, folder, after=10)
    (scratch_of(folder) / "train.h5").write_bytes(b"not whole")
    (scratch_of(folder) / "deeper").mkdir()
    (scratch_of(folder) / ".journal").write_bytes(content)
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS
    assert digests(dataset.folder) == digests(written.folder)
    assert names(folder) == names(written.folder)


@pytest.mark.parametrize("line", ["train.h5", "train.h5 1.5", "\0\0\0", "train.h5 1 2", "../a 1"])
def test_a_journal_with_a_line_that_says_nothing_is_restarted(
    written, recipe, tmp_path, monkeypatch, line
):
    folder = tmp_path / "several"
    stopped(monkeypatch, recipe, folder, after=10)
    with (scratch_of(folder) / ".journal").open("a") as file:
        file.write(f"{line}\n")
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS
    assert digests(dataset.folder) == digests(written.folder)


def test_what_another_recipe_left_is_restarted(written, recipe, tmp_path, monkeypatch):
    folder = tmp_path / "several"
    stopped(monkeypatch, recipe.with_seed(8), folder, after=30)
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS
    assert digests(dataset.folder) == digests(written.folder)


def test_what_other_versions_left_is_restarted(written, recipe, tmp_path, monkeypatch):
    folder = tmp_path / "several"
    with monkeypatch.context() as patch:
        patch.setattr(writing, "versions", lambda: {"numpy": "0.1"})
        stopped(monkeypatch, recipe, folder, after=30)
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS
    assert digests(dataset.folder) == digests(written.folder)


def test_what_has_lost_a_file_is_restarted(written, recipe, tmp_path, monkeypatch):
    folder = tmp_path / "several"
    stopped(monkeypatch, recipe, folder, after=30)
    (scratch_of(folder) / "train.h5").unlink()
    dataset, made = resumed(monkeypatch, recipe, folder)
    assert made == ALL_BLOCKS
    assert digests(dataset.folder) == digests(written.folder)


def test_a_worker_that_comes_late_writes_nothing_into_another_data_set(recipe, tmp_path):
    folder = tmp_path / "several"
    with pytest.raises(KeyboardInterrupt), resumable(folder, "first plan") as scratch:
        late = split_work(recipe, "train", dataset_card(recipe), scratch)
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), resumable(folder, "second plan") as scratch:
        split_work(recipe, "train", dataset_card(recipe), scratch)
        before = late.path.read_bytes()
        with pytest.raises(ArtefactError, match="now belongs to another data set"):
            fill_task(late, 0)
        assert late.path.read_bytes() == before
        raise KeyboardInterrupt


# no space left ------------------------------------------------------------------------------


def test_a_disk_that_is_too_small_is_reported_with_numbers_before_anything_is_made(
    recipe, tmp_path, monkeypatch
):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(ArtefactError) as caught:
        write_dataset(recipe, tmp_path / "a" / "several")
    message = str(caught.value)
    # 1206 rows of 96 samples, observed and clean, two values drawn, label and SNR
    assert f"it takes {1206 * (96 * 16 + 8 + 6) / 1e9:.3g} GB" in message
    assert "the disk has 0.001 GB left" in message
    assert "choose another --out" in message
    assert "\n" not in message
    assert names(tmp_path) == []


def test_what_an_earlier_run_has_written_need_not_fit_again(recipe, tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    stopped(monkeypatch, recipe, tmp_path / "several", after=ALL_BLOCKS - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    assert write_dataset(recipe, tmp_path / "several").examples("train") == 780


def test_a_disk_that_fills_up_loses_nothing(written, recipe, tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    write, calls = os.pwrite, []

    def filling_up(*arguments):
        calls.append(1)
        if len(calls) > 20:
            raise full
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", filling_up)
        with pytest.raises(ArtefactError, match="no space left on the disk") as caught:
            write_dataset(recipe, tmp_path / "several")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == [".several.partial"]
    other = write_dataset(recipe, tmp_path / "several")
    assert digests(other.folder) == digests(written.folder)
    assert names(tmp_path) == ["several"]


def test_an_output_that_is_a_link_is_written_where_it_points(written, recipe, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "data")
    other = write_dataset(recipe, tmp_path / "link")
    assert digests(other.folder) == digests(written.folder)
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "elsewhere") == ["data"]


def test_a_disk_that_takes_a_part_of_each_write_still_gets_every_byte(
    written, recipe, tmp_path, monkeypatch
):
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda to, data, place: write(to, data[:1000], place))
    other = write_dataset(recipe, tmp_path / "other")
    assert digests(other.folder) == digests(written.folder)


# two at once --------------------------------------------------------------------------------


def test_two_runs_into_the_same_folder_are_refused_and_the_first_goes_on(
    written, recipe, tmp_path, monkeypatch
):
    refused = []

    def meanwhile(recipe, block):
        if not refused:
            with pytest.raises(ArtefactError, match="another process is writing") as caught:
                write_dataset(recipe, tmp_path / "several")
            refused.append(str(caught.value))
        return synthesise(recipe, block)

    monkeypatch.setattr(writing, "synthesise", meanwhile)
    dataset = write_dataset(recipe, tmp_path / "several")
    assert "\n" not in refused[0]
    assert digests(dataset.folder) == digests(written.folder)


# clusters -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dask_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.mark.slow
def test_dask_makes_the_same_files(written, recipe, tmp_path, dask_cluster):
    by_dask = write_dataset(
        recipe, tmp_path / "by-dask", backend="dask", scheduler=dask_cluster.scheduler_address
    )
    assert digests(by_dask.folder) == digests(written.folder)


@pytest.mark.parametrize("how", ["option", "parallel_config"])
def test_a_dask_client_that_is_there_is_used(written, recipe, tmp_path, dask_cluster, how):
    from distributed import Client

    with Client(dask_cluster), joblib.parallel_config("dask" if how != "option" else "loky"):
        backend = "dask" if how == "option" else None
        by_dask = write_dataset(recipe, tmp_path / "by-dask", backend=backend)
    assert digests(by_dask.folder) == digests(written.folder)


def test_a_scheduler_that_does_not_answer_keeps_what_an_earlier_run_made(
    recipe, tmp_path, monkeypatch
):
    pytest.importorskip("distributed")
    stopped(monkeypatch, recipe, tmp_path / "several", after=7)
    with pytest.raises(DatasetError, match="no dask scheduler answers at 'nowhere'"):
        write_dataset(recipe, tmp_path / "several", backend="dask", scheduler="nowhere")
    assert len(entries(tmp_path / "several")) == 7


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"backend": "lokky"}, ["unknown backend 'lokky'", "loky"]),
        ({"backend": "spark"}, ["unknown backend 'spark'", *BACKENDS]),
        ({"scheduler": "tcp://host:8786"}, ["--backend dask"]),
        ({"backend": "loky", "scheduler": "tcp://host:8786"}, ["--backend dask", "'loky'"]),
    ],
    ids=str,
)
def test_a_backend_that_is_not_there_is_refused_with_the_way_out(recipe, tmp_path, options, words):
    with pytest.raises(RfmaeError) as caught:
        write_dataset(recipe, tmp_path / "several", **options)
    assert all(word in str(caught.value) for word in words)
    assert names(tmp_path) == []


def test_dask_without_a_cluster_is_refused(recipe, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(DatasetError, match="name its --scheduler"):
        write_dataset(recipe, tmp_path / "several", backend="dask")


@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_cluster_without_its_library_is_refused(recipe, tmp_path, monkeypatch, backend):
    for module in ("distributed", "ray.util.joblib"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DatasetError, match=r"rfmae\[cluster\]"):
        write_dataset(recipe, tmp_path / "several", backend=backend)
