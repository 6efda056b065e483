"""TensorBoard reads what the board has written."""

import builtins
import errno
import io
import struct

import pytest
import torch

from rfmae.errors import ArtefactError, TrainingError
from rfmae.training.tensorboard import Board

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
