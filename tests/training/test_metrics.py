import builtins
import errno
import io
import math
import struct
import time

import pytest
import torch
from toy_task import CPU

from rfmae.errors import ArtefactError, TrainingError
from rfmae.training.metrics import Board, MetricAccumulator, Throughput, first_not_finite
from rfmae.training.processes import Ranks

STEPS = [{"loss": 1.0, "norm": 4.0}, {"loss": 2.0, "norm": 0.5}, {"loss": 6.0, "norm": 1.5}]


def tallied(steps, accumulator=None):
    accumulator = accumulator or MetricAccumulator(Ranks(CPU))
    for metrics in steps:
        accumulator.add({name: torch.tensor(value) for name, value in metrics.items()})
    return accumulator


def test_means_are_over_the_steps_since_the_last_time():
    accumulator = tallied(STEPS)
    assert accumulator.means() == {"loss": 3.0, "norm": 2.0}
    accumulator.clear()
    assert accumulator.means() == {}
    assert tallied(STEPS[:1], accumulator).means() == STEPS[0]


@pytest.mark.parametrize("before", range(4))
def test_an_accumulator_goes_on_from_what_another_returned(before):
    other = MetricAccumulator(Ranks(CPU))
    other.set_state(tallied(STEPS[:before]).state())
    assert tallied(STEPS[before:], other).means() == tallied(STEPS).means()


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(3))
def test_a_figure_that_is_no_number_shows_whenever_it_fell(odd, place):
    steps = [dict(metrics) for metrics in STEPS]
    steps[place]["norm"] = odd
    assert first_not_finite(tallied(steps).means()) == "norm"
    assert first_not_finite(tallied(STEPS).means()) is None


def test_a_pause_is_no_time():
    throughput = Throughput()
    throughput.advance(10)
    time.sleep(0.05)
    with throughput.pause():
        time.sleep(0.2)
    metrics = throughput.lap(0.025)
    # 10 in at least 50 ms; with the pause it would be at most 40
    assert 40 < metrics["images_per_second"] <= 200
    assert 0.125 < metrics["waiting_share"] <= 0.5


def test_a_lap_begins_where_the_last_one_ended():
    throughput = Throughput()
    throughput.advance(1000)
    throughput.lap(0.0)
    time.sleep(0.01)
    assert throughput.lap(0.0)["images_per_second"] == 0


@pytest.mark.parametrize("waited_s", [0.0, 1e-6, 1e6])
def test_a_share_is_a_share(waited_s):
    assert 0 <= Throughput().lap(waited_s)["waiting_share"] <= 1


pytest.importorskip("tensorboardX")


def events(folder):
    """All events of a folder, record by record: length, its checksum, content, its checksum."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns):
        content = io.BytesIO(file.read_bytes())
        while header := content.read(8):
            (length,) = struct.unpack("<Q", header)
            assert struct.unpack("<I", content.read(4)) == (masked_crc32c(header),)
            body = content.read(length)
            assert struct.unpack("<I", content.read(4)) == (masked_crc32c(body),)
            yield Event.FromString(body)


def scalars(folder):
    return {
        (value.tag, event.step): value.simple_value
        for event in events(folder)
        for value in event.summary.value
        if value.HasField("simple_value")
    }


def test_figures_are_read_back_training_and_validation_apart(tmp_path):
    board = Board(tmp_path / "board")
    board.metrics(10, {"loss": 0.5, "position_loss": 0.25})
    board.metrics(20, {"loss": 0.375})
    board.metrics(20, {"validation_loss": 0.75})
    board.close()
    assert scalars(tmp_path / "board") == {
        ("train/loss", 10): 0.5,
        ("train/position_loss", 10): 0.25,
        ("train/loss", 20): 0.375,
        ("validation/loss", 20): 0.75,
    }


@pytest.mark.parametrize("planes", [1, 3])
def test_images_are_read_back_pixel_by_pixel(tmp_path, planes):
    import matplotlib.image

    image = torch.rand(planes, 6, 9, generator=torch.Generator().manual_seed(3))
    board = Board(tmp_path)
    board.images(7, {"noisy | clean": image})
    board.close()
    (event,) = [event for event in events(tmp_path) if event.summary.value]
    (value,) = event.summary.value
    assert (value.tag, event.step) == ("pictures/noisy | clean", 7)
    assert (value.image.height, value.image.width) == (6, 9)
    pixels = torch.tensor(matplotlib.image.imread(io.BytesIO(value.image.encoded_image_string)))
    read = pixels[None] if pixels.ndim == 2 else pixels.movedim(-1, 0)[:planes]
    assert torch.allclose(read, image, atol=0.5001 / 255)  # a byte a pixel


def test_nothing_is_written_before_there_is_something_to_show(tmp_path):
    Board(tmp_path / "board").close()
    assert not (tmp_path / "board").exists()


def test_a_resumed_run_hides_the_steps_that_were_undone(tmp_path):
    first = Board(tmp_path)
    first.metrics(10, {"loss": 1.0})
    first.metrics(40, {"loss": 0.75})
    first.close()
    second = Board(tmp_path)
    second.metrics(30, {"loss": 0.5})
    second.close()
    assert len(list(tmp_path.iterdir())) == 2  # nothing is overwritten
    starts = [event.step for event in events(tmp_path) if event.HasField("session_log")]
    assert starts == [10, 30]  # TensorBoard drops older events of such a step and of later ones


def test_a_closed_board_can_be_closed_again(tmp_path):
    board = Board(tmp_path)
    board.metrics(1, {"loss": 1.0})
    board.close()
    board.close()


def test_without_tensorboardx_the_way_out_is_named(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("tensorboardX"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(TrainingError, match=r"pip install 'rfmae\[tensorboard\]'"):
        Board(tmp_path)


def test_a_full_disk_is_an_error_of_one_line(tmp_path, monkeypatch):
    from tensorboardX.event_file_writer import EventsWriter

    def full(self, event):
        raise OSError(errno.ENOSPC, "No space left on device")

    board = Board(tmp_path)
    board.metrics(1, {"loss": 1.0})
    monkeypatch.setattr(EventsWriter, "write_event", full)
    with pytest.raises(ArtefactError, match="no space left"):
        board.metrics(2, {"loss": 1.0})
