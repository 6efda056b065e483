"""A data set folder holds the same bytes whoever makes it, stands whole or not at all, and is
opened only when it is whole."""

import dataclasses
import errno
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from rfmae.artefacts import CARD_NAME
from rfmae.datasets import writing
from rfmae.datasets.cards import dataset_card
from rfmae.datasets.journal import scratch_of
from rfmae.datasets.recipe import SPLITS, parse_recipe
from rfmae.datasets.store import open_dataset, write_dataset
from rfmae.datasets.synthesis import examples, synthesise
from rfmae.errors import ArtefactError, DatasetError, RecipeError
from rfmae.records import IMAGE_ALONE, TRAJECTORY_PLANES, ImageConfig, IqPairBatch, Modality


@pytest.fixture(scope="module")
def written(tiny_recipe, tmp_path_factory):
    return write_dataset(tiny_recipe, tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def copy(written, tmp_path):
    """A data set folder that a test may damage."""
    return Path(shutil.copytree(written.folder, tmp_path / "tiny"))


def digests(folder):
    return {
        split: hashlib.sha256((folder / f"{split}.h5").read_bytes()).hexdigest() for split in SPLITS
    }


def names(folder):
    return sorted(item.name for item in folder.iterdir())


# same recipe, same bytes --------------------------------------------------------------------


def test_the_same_recipe_makes_the_same_files_at_another_time(written, tiny_recipe, tmp_path):
    time.sleep(1.1)  # so that a time stamp in seconds would show
    again = write_dataset(tiny_recipe, tmp_path / "again")
    assert digests(again.folder) == digests(written.folder)


def test_two_workers_make_the_same_files_as_one(written, tiny_recipe, tmp_path):
    by_two = write_dataset(tiny_recipe, tmp_path / "by-two", workers=2)
    assert digests(by_two.folder) == digests(written.folder)


def test_another_seed_makes_other_files(written, tiny_recipe, tmp_path):
    other = write_dataset(tiny_recipe.with_seed(8), tmp_path / "other")
    before, after = digests(written.folder), digests(other.folder)
    assert all(before[split] != after[split] for split in SPLITS)


# what is in the folder ----------------------------------------------------------------------


def test_the_folder_holds_recipe_card_and_a_file_for_each_split(written):
    assert names(written.folder) == [
        "card.json",
        "recipe.toml",
        "test.h5",
        "train.h5",
        "validation.h5",
    ]


def test_the_recipe_in_the_folder_is_the_one_that_made_it(written, tiny_recipe):
    assert parse_recipe((written.folder / "recipe.toml").read_text()) == tiny_recipe


def test_the_card_says_what_the_data_set_is(written, tiny_recipe):
    assert written.name == "tiny"
    assert written.fingerprint == tiny_recipe.fingerprint
    assert written.classes == ("BPSK", "16QAM", "GMSK")
    assert written.snr_db == (0.0, 10.0)
    assert written.snr_reference == "symbol"
    assert written.samples() == 64
    assert written.image == tiny_recipe.image
    assert [written.examples(split) for split in SPLITS] == [12, 6, 6]
    assert "versions" in written.card


@pytest.mark.parametrize("split", SPLITS)
def test_the_rows_are_those_of_synthesis(written, tiny_recipe, split):
    pairs = [made.pairs for made in examples(tiny_recipe, split)]
    read = written.read(split)
    assert read.observed.iq.tobytes() == b"".join(pair.observed.iq.tobytes() for pair in pairs)
    assert read.clean.tobytes() == b"".join(pair.clean.tobytes() for pair in pairs)
    label, snr_db = written.labels(split)
    assert (
        label.tolist()
        == read.observed.label.tolist()
        == np.repeat([0, 1, 2], len(label) // 3).tolist()
    )
    assert snr_db.tolist() == read.observed.snr_db.tolist()


@pytest.mark.parametrize("rows", [slice(2, 5), np.array([0]), np.array([1, 4, 11])], ids=str)
def test_some_rows_are_those_rows_of_all(written, rows):
    everything, some = written.read("train"), written.read("train", rows)
    assert isinstance(some, IqPairBatch)
    assert np.array_equal(some.observed.iq, everything.observed.iq[rows])
    assert np.array_equal(some.clean, everything.clean[rows])
    assert np.array_equal(some.observed.label, everything.observed.label[rows])
    assert np.array_equal(some.observed.snr_db, everything.observed.snr_db[rows])


def with_source(recipe, **parts):
    """A recipe whose channel, receiver or source itself has other settings."""
    source = recipe.source
    for name, changes in parts.items():
        source = dataclasses.replace(
            source, **{name: dataclasses.replace(getattr(source, name), **changes)}
        )
    waveforms = source.receiver.observe == "waveform"
    image = ImageConfig(32, planes=TRAJECTORY_PLANES) if waveforms else recipe.image
    return dataclasses.replace(recipe, source=source, image=image)


@pytest.fixture(scope="module")
def both(tiny_recipe, tmp_path_factory):
    """Symbols and waveform of every example, and timing that is drawn."""
    recipe = with_source(
        tiny_recipe,
        receiver={"observe": "both"},
        channel={"timing_offset_symbols": "uniform"},
    )
    return write_dataset(recipe, tmp_path_factory.mktemp("data") / "both")


def test_symbols_are_read_where_no_view_is_named(both):
    assert both.views == ("symbols", "waveform")
    assert both.samples() == both.samples("symbols") == 64
    assert both.samples("waveform") == 128
    assert both.samples_per_symbol() == 1.0
    assert both.samples_per_symbol("waveform") == 2.0
    symbols = both.read_observed("train", view="symbols")
    assert np.array_equal(both.read_observed("train").iq, symbols.iq)
    assert np.array_equal(both.read("train").observed.iq, symbols.iq)


@pytest.mark.parametrize("view", ["symbols", "waveform"])
def test_a_view_is_read_with_its_own_length_and_rate(both, view):
    pairs = both.read("test", slice(1, 4), view)
    assert pairs.observed.iq.shape == pairs.clean.shape == (3, both.samples(view))
    assert pairs.observed.samples_per_symbol == both.samples_per_symbol(view)


def test_the_waveform_is_read_where_there_are_no_symbols(tiny_recipe, tmp_path):
    recipe = with_source(tiny_recipe, receiver={"observe": "waveform"})
    dataset = write_dataset(recipe, tmp_path / "waveform")
    assert dataset.views == ("waveform",)
    assert dataset.samples() == dataset.read("test").clean.shape[1] == 128


@pytest.mark.parametrize("read", ["read", "read_observed"])
def test_a_view_that_is_not_there_is_refused_with_the_way_out(written, read):
    with pytest.raises(DatasetError) as caught:
        getattr(written, read)("train", view="waveform")
    message = str(caught.value)
    assert "view 'waveform' is required" in message
    assert 'source.receiver.observe = "both"' in message
    assert "\n" not in message


@pytest.mark.parametrize("rows", [slice(None), slice(2, 5), np.array([1, 4, 11])], ids=str)
def test_what_was_drawn_is_read_by_rows(both, rows):
    everything = both.sampled("train")
    assert set(everything) == {"phase_offset_turns", "timing_offset_symbols"}
    for name, values in both.sampled("train", rows).items():
        assert values.dtype == np.float32
        assert np.array_equal(values, everything[name][rows])


@pytest.mark.parametrize(
    ("parts", "any_phase"),
    [
        ({}, True),
        ({"channel": {"phase_offset_turns": "none"}}, False),
        ({"channel": {"phase_offset_turns": 0.25}}, False),
        ({"receiver": {"phase": "known"}}, False),
        ({"receiver": {"phase": "known", "observe": "waveform"}}, True),
        ({"receiver": {"phase": "viterbi-viterbi", "power": 4}}, True),
        ({"receiver": {"phase": "viterbi-viterbi", "power": 2}}, False),
        ({"channel": {"iq_gain_imbalance_db": (-1.0, 1.0)}}, False),
        ({"channel": {"dc_offset_rms": (0.0, 0.1)}}, True),
    ],
    ids=str,
)
def test_any_phase_holds_where_a_quarter_turn_gives_another_example(tiny_recipe, parts, any_phase):
    assert dataset_card(with_source(tiny_recipe, **parts))["any_phase"] is any_phase


# what a network sees ------------------------------------------------------------------------

BESIDE = (Modality(), Modality("signal", patch=8), Modality("noise"))


def test_modalities_travel_in_the_card_and_change_no_byte_of_what_is_stored(
    written, tiny_recipe, tmp_path
):
    beside = dataclasses.replace(tiny_recipe, modalities=BESIDE)
    dataset = write_dataset(beside, tmp_path / beside.folder_name)
    assert dataset.modalities == BESIDE
    assert dataset.folder.name != tiny_recipe.folder_name
    for split in SPLITS:
        theirs, ours = written.read(split), dataset.read(split)
        assert theirs.observed.iq.tobytes() == ours.observed.iq.tobytes()
        assert theirs.clean.tobytes() == ours.clean.tobytes()


def test_a_card_from_before_there_were_modalities_means_the_image_alone(copy):
    card = json.loads((copy / CARD_NAME).read_text())
    del card["modalities"], card["card_sha256"]
    (copy / CARD_NAME).write_text(json.dumps(card))
    assert open_dataset(copy).modalities == IMAGE_ALONE


def test_modalities_that_this_version_does_not_know_are_refused(copy):
    card = json.loads((copy / CARD_NAME).read_text())
    card["modalities"] = [{"what": "image", "colour": "blue"}]
    del card["card_sha256"]
    (copy / CARD_NAME).write_text(json.dumps(card))
    with pytest.raises(
        ArtefactError, match="generate the data set again and retrain what was trained on it"
    ):
        _ = open_dataset(copy).modalities


# whole or not at all ------------------------------------------------------------------------


def stopped_after(blocks, error):
    """A synthesis that breaks in the middle of a split."""
    made = []

    def broken(recipe, block):
        if len(made) == blocks:
            raise error
        made.append(block)
        return synthesise(recipe, block)

    return broken


@pytest.mark.parametrize("blocks", [0, 3, 7])
def test_nothing_is_left_of_a_data_set_that_cannot_be_made(
    tiny_recipe, tmp_path, monkeypatch, blocks
):
    monkeypatch.setattr(writing, "synthesise", stopped_after(blocks, RecipeError("impossible")))
    with pytest.raises(RecipeError, match="impossible"):
        write_dataset(tiny_recipe, tmp_path / "tiny")
    assert names(tmp_path) == []


def test_the_folder_does_not_stand_before_it_is_complete(tiny_recipe, tmp_path, monkeypatch):
    def watched(recipe, block):
        assert names(tmp_path) == [scratch_of(tmp_path / "tiny").name]
        return synthesise(recipe, block)

    monkeypatch.setattr(writing, "synthesise", watched)
    write_dataset(tiny_recipe, tmp_path / "tiny")
    assert names(tmp_path) == ["tiny"]


def test_an_empty_folder_is_filled(written, tiny_recipe, tmp_path):
    (tmp_path / "tiny").mkdir()
    assert digests(write_dataset(tiny_recipe, tmp_path / "tiny").folder) == digests(written.folder)


def test_a_data_set_that_was_interrupted_is_hidden_until_it_is_whole(
    written, tiny_recipe, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(writing, "synthesise", stopped_after(2, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            write_dataset(tiny_recipe, tmp_path / "tiny")
    assert names(tmp_path) == [".tiny.partial"]
    assert digests(write_dataset(tiny_recipe, tmp_path / "tiny").folder) == digests(written.folder)
    assert names(tmp_path) == ["tiny"]


def test_a_folder_with_other_content_is_refused_and_left_alone(tiny_recipe, tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "thesis.tex").write_text("years of work")
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        write_dataset(tiny_recipe, tmp_path / "tiny")
    assert names(tmp_path) == ["tiny"]
    assert names(tmp_path / "tiny") == ["thesis.tex"]


def test_an_older_data_set_is_never_replaced(tiny_recipe, copy):
    before = digests(copy)
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        write_dataset(tiny_recipe.with_seed(8), copy)
    assert digests(copy) == before


# no space left ------------------------------------------------------------------------------

FULL = {
    "the system": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    "HDF5": OSError(
        "Can't write data (file write failed: time = Fri Nov 20 21:12:54 2026\n, "
        "filename = 'train.h5', errno = 28, error message = 'No space left on device')"
    ),
}
CLOSING = RuntimeError(
    "Can't decrement id ref count (file write failed: time = Fri Nov 20 21:12:54 2026\n, "
    "filename = 'train.h5', errno = 28, error message = 'No space left on device')"
)


def assert_full_disk_is_reported_in_one_line(recipe, folder):
    with pytest.raises(ArtefactError) as caught:
        write_dataset(recipe, folder)
    message = str(caught.value)
    assert message.startswith(f"cannot write {folder}")
    assert "no space left on the disk" in message
    assert "choose another --out" in message
    assert "\n" not in message
    assert names(folder.parent) == []


@pytest.mark.parametrize("error", FULL.values(), ids=list(FULL))
def test_a_disk_that_fills_up_while_a_file_is_laid_out(tiny_recipe, tmp_path, monkeypatch, error):
    set_rows, calls = h5py.Dataset.__setitem__, []

    def filling_up(*arguments):
        calls.append(1)
        if len(calls) > 5:
            raise error
        set_rows(*arguments)

    monkeypatch.setattr(h5py.Dataset, "__setitem__", filling_up)
    assert_full_disk_is_reported_in_one_line(tiny_recipe, tmp_path / "tiny")


@pytest.mark.parametrize("error", [*FULL.values(), CLOSING], ids=[*FULL, "HDF5 as it closes"])
def test_a_disk_that_turns_out_full_when_a_split_is_closed(
    tiny_recipe, tmp_path, monkeypatch, error
):
    close = h5py.File.close

    def flushing(file):
        close(file)
        raise error

    monkeypatch.setattr(h5py.File, "close", flushing)
    assert_full_disk_is_reported_in_one_line(tiny_recipe, tmp_path / "tiny")


@pytest.mark.parametrize("part", ["recipe.toml", "card.json"])
def test_a_disk_that_has_no_space_for_the_last_files(tiny_recipe, tmp_path, monkeypatch, part):
    write_text = Path.write_text

    def filling_up(path, text, **options):
        if part in path.name:
            write_text(path, text[:10], **options)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_text(path, text, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", filling_up)
        with pytest.raises(ArtefactError, match="no space left on the disk") as caught:
            write_dataset(tiny_recipe, tmp_path / "tiny")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == [".tiny.partial"]
    assert open_dataset(write_dataset(tiny_recipe, tmp_path / "tiny").folder)
    assert names(tmp_path) == ["tiny"]


def test_an_edited_card_says_so(copy):
    card = json.loads((copy / CARD_NAME).read_text())
    card["classes"] = card["classes"][::-1]
    (copy / CARD_NAME).write_text(json.dumps(card))
    assert "was edited after it was written" in refusal(copy)


@pytest.mark.parametrize("how", ["external storage", "a virtual column", "a link out of the file"])
def test_columns_that_lie_in_other_files_are_refused(copy, tmp_path, how):
    path = copy / "train.h5"
    with h5py.File(path, "r+") as file:
        (name, column), *_ = ((n, c) for n, c in file["symbols"].items() if n == "observed")
        shape, dtype, values = column.shape, column.dtype, column[:]
        del file["symbols/observed"]
        if how == "external storage":
            secret = tmp_path / "secret.bin"
            secret.write_bytes(values.tobytes())
            file["symbols"].create_dataset(
                name, shape, dtype, external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
            )
        elif how == "a virtual column":
            layout = h5py.VirtualLayout(shape, dtype)
            layout[:] = h5py.VirtualSource(str(copy / "test.h5"), "symbols/observed", shape, dtype)
            file["symbols"].create_virtual_dataset(name, layout)
        else:
            file["symbols/observed"] = h5py.ExternalLink(str(copy / "test.h5"), "symbols/observed")
    message = refusal(copy)
    assert "lies in another file" in message or "is a link to another place" in message


# opening ------------------------------------------------------------------------------------


def refusal(folder):
    """The one line that refuses a folder."""
    with pytest.raises(DatasetError) as caught:
        open_dataset(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_whole_folder_opens_by_path_and_by_text(copy):
    assert open_dataset(copy).fingerprint == open_dataset(str(copy)).fingerprint


def test_a_missing_folder_is_refused_with_the_way_to_make_one(tmp_path):
    assert refusal(tmp_path / "nowhere") == (
        f"no data set folder {tmp_path / 'nowhere'}; make one with `rfmae synth`"
    )


def test_a_file_is_no_data_set(copy):
    assert "no data set folder" in refusal(copy / "train.h5")


@pytest.mark.parametrize(
    "content",
    [None, "", "{", "[]", '{"kind": "report"}', '{"fingerprint": "12345678"}'],
    ids=str,
)
def test_a_folder_without_the_card_of_a_data_set_is_refused(copy, content):
    (copy / CARD_NAME).unlink()
    if content is not None:
        (copy / CARD_NAME).write_text(content)
    message = refusal(copy)
    assert str(copy) in message
    assert "card.json" in message


@pytest.mark.parametrize(
    "key", ["fingerprint", "examples", "classes", "snr_db", "image", "views", "any_phase"]
)
def test_a_card_that_lacks_a_key_is_what_gets_the_blame(copy, key):
    card = json.loads((copy / CARD_NAME).read_text())
    del card[key]
    (copy / CARD_NAME).write_text(json.dumps(card))
    message = refusal(copy)
    assert "card" in message
    assert "HDF5" not in message


@pytest.mark.parametrize("split", SPLITS)
def test_a_missing_split_is_refused(copy, split):
    (copy / f"{split}.h5").unlink()
    message = refusal(copy)
    assert f"{split}.h5 is missing" in message
    assert "rfmae synth" in message


def places_to_cut(size):
    return [0, 1, 7, 8, 47, 48, 100, size // 4, size // 2, 3 * size // 4, size - 100, size - 1]


@pytest.mark.parametrize("place", range(12))
def test_a_truncated_split_is_refused_wherever_it_was_cut(copy, place):
    path = copy / "train.h5"
    os.truncate(path, places_to_cut(path.stat().st_size)[place])
    message = refusal(copy)
    assert str(path) in message
    assert "truncated" in message
    assert "make the data set again" in message


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_is_looked_at(copy, split):
    path = copy / f"{split}.h5"
    os.truncate(path, path.stat().st_size // 2)
    assert str(path) in refusal(copy)


def test_a_split_that_is_truncated_after_opening_is_refused_on_reading(copy):
    dataset, path = open_dataset(copy), copy / "train.h5"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(DatasetError, match="may be truncated"):
        dataset.read("train")
    with pytest.raises(DatasetError, match="may be truncated"):
        dataset.labels("train")


@pytest.mark.parametrize("first", [0, 48, 96, 200, 400])
def test_a_split_overwritten_with_garbage_is_refused(copy, first):
    path = copy / "train.h5"
    content = bytearray(path.read_bytes())
    garbage = np.random.default_rng(first).bytes(150)
    content[first : first + 150] = garbage
    path.write_bytes(content)
    assert str(path) in refusal(copy)


def test_a_text_file_is_no_split(copy):
    (copy / "train.h5").write_text("no HDF5 at all\n" * 1000)
    assert "cannot be read as HDF5" in refusal(copy)


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_of_another_data_set_is_refused(copy, tiny_recipe, tmp_path, split):
    other = write_dataset(tiny_recipe.with_seed(8), tmp_path / "other")
    shutil.copy(other.folder / f"{split}.h5", copy / f"{split}.h5")
    message = refusal(copy)
    assert str(copy / f"{split}.h5") in message
    assert "does not belong to the data set" in message


def test_a_split_under_the_name_of_another_is_refused(copy):
    shutil.copy(copy / "test.h5", copy / "train.h5")
    assert "train.h5 does not belong to the data set" in refusal(copy)


@pytest.mark.parametrize("column", ["symbols/observed", "symbols/clean", "label", "snr_db"])
def test_a_split_that_lacks_rows_or_a_column_is_refused(copy, column):
    with h5py.File(copy / "test.h5", "r+") as file:
        values = file[column][:-1]
        del file[column]
    assert f"must hold 6 rows of '{column}'" in refusal(copy)
    with h5py.File(copy / "test.h5", "r+") as file:
        file[column] = values
    assert f"must hold 6 rows of '{column}'" in refusal(copy)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["snr_db", "symbols/observed", "symbols/clean", "drawn"])
def test_values_that_are_no_numbers_are_refused_in_every_column(both, tmp_path, name, value):
    folder = Path(shutil.copytree(both.folder, tmp_path / "both"))
    column = f"drawn/{both.card['drawn'][0]}" if name == "drawn" else name
    with h5py.File(folder / "train.h5", "r+") as file:
        values = file[column][:]
        values.flat[1] = value
        file[column][...] = values
    with pytest.raises(DatasetError, match="NaN or infinite"):
        (dataset := open_dataset(folder)).read("train")
        dataset.sampled("train")


@pytest.mark.parametrize("value", [np.zeros(3), h5py.Empty("f4"), 7])
def test_a_stamp_of_another_type_belongs_to_no_data_set(copy, value):
    with h5py.File(copy / "train.h5", "r+") as file:
        file.attrs["fingerprint"] = value
    assert "does not belong to the data set" in refusal(copy)


def test_a_column_that_holds_less_than_its_shape_takes_no_memory(copy):
    with h5py.File(copy / "train.h5", "r+") as file:
        shape, dtype = file["symbols/observed"].shape, file["symbols/observed"].dtype
        del file["symbols/observed"]
        file.create_dataset("symbols/observed", shape, dtype, chunks=True)
    assert "holds 0 bytes" in refusal(copy)
