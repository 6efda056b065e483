"""The label-efficiency curve, end to end: resumable, extendable, the same however it came about."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from image_encoders import image_encoder_config

from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import write_dataset
from rfmae.errors import ArtefactError, TrainingError
from rfmae.models.checkpoint import load_checkpoint, model_card, save_checkpoint
from rfmae.models.denomae import DenoMAE
from rfmae.models.presets import denomae_config
from rfmae.progress import Silent
from rfmae.records.label_curve import LabelPoint
from rfmae.training.loaders import image_card
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.learning import curve_measurement as jobs
from rfmae.workflows.learning.label_methods import Learning, NetworkShape, Teaching, network_like
from rfmae.workflows.learning.training import pretrain

SETTINGS = jobs.CurveSettings(
    labels_per_class=(1, 4),
    methods=("finetune", "probe", "knn", "scratch", "cumulants"),
    seeds=2,
    teaching=Teaching(shown=24, batch_size=8),
)
QUICK = replace(SETTINGS, methods=("probe", "knn"))


@pytest.fixture(scope="module")
def data(tiny_toml, tmp_path_factory):
    text = tiny_toml.replace("train = 2", "train = 4").replace("validation = 1", "validation = 2")
    text = text.replace("test = 1", "test = 5")
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("made") / "data")


@pytest.fixture(scope="module")
def encoder(data, tmp_path_factory):
    """A pre-training checkpoint that learnt nothing."""
    torch.manual_seed(0)
    config = image_encoder_config("tiny", data.image.size, len(data.image.planes))
    network = DenoMAE(denomae_config("tiny", config))
    card = {
        **model_card(network),
        **image_card(data),
        "dataset": {"name": data.name, "fingerprint": data.fingerprint},
        "snr_reference": data.snr_reference,
        "step": 1,
        "score": {"reconstruction_loss": 1.0},
    }
    folder = tmp_path_factory.mktemp("made") / "encoder"
    save_checkpoint(network.state_dict(), card, folder)
    return folder


@pytest.fixture(scope="module")
def rings(data, tmp_path_factory):
    """A pre-training checkpoint of circular harmonics after a single epoch."""
    folder = tmp_path_factory.mktemp("made") / "rings"
    settings = Pretraining(preset="tiny", epochs=1, network="rings")
    return pretrain(data, settings, folder, device="cpu")


@pytest.fixture(scope="module")
def whole(data, encoder, tmp_path_factory):
    """A curve that was measured in one go."""
    folder = tmp_path_factory.mktemp("made") / "curve"
    return jobs.label_curve(data, SETTINGS, folder, pretrained=encoder)


@pytest.fixture(scope="module")
def quick(data, encoder, tmp_path_factory):
    """A curve of two methods that was measured in one go."""
    folder = tmp_path_factory.mktemp("made") / "quick"
    return jobs.label_curve(data, QUICK, folder, pretrained=encoder)


@pytest.mark.slow
def test_every_method_is_measured_at_every_budget_and_seed(whole, data):
    points = {(p.method, p.budget, p.seed) for p in whole.curve.points}
    assert points == {(m, b, s) for m in SETTINGS.methods for b in (1, 4) for s in (0, 1)}
    assert {point.examples for point in whole.curve.points} == {(15, 15)}
    assert [mean.seeds for mean in whole.curve.means] == [2] * 10
    assert not list((whole.folder / "runs").iterdir())


@pytest.mark.usefixtures("no_figures")
def test_a_curve_of_rings_has_all_methods_and_a_network_like_them_from_scratch(
    data, rings, tmp_path
):
    settings = replace(SETTINGS, labels_per_class=(4,), seeds=1)
    result = jobs.label_curve(data, settings, tmp_path / "curve", pretrained=rings)
    assert {point.method for point in result.curve.points} == {*SETTINGS.methods}
    assert network_like(data, load_checkpoint(rings), None) == NetworkShape(
        "tiny", ("harmonics",), None, "rings"
    )
    assert network_like(data, load_checkpoint(rings), "base").preset == "base"


def test_the_account_holds_tables_and_figures(whole):
    names = {str(path.relative_to(whole.folder)) for path in whole.folder.rglob("*")}
    assert names >= {
        "card.json", "points.jsonl", "report.json", "report.md", "curve.csv", "points.csv",
        "figures/label-curve.png", "figures/label-curve.svg",
    }  # fmt: skip
    record = json.loads((whole.folder / "report.json").read_text())
    assert len(record["points"]) == 20
    assert record["provenance"]["test_examples"] == 30


def test_the_checkpoint_is_read_once_for_images_shape_and_identity(
    data, encoder, tmp_path, monkeypatch
):
    read = []

    def counted(path):
        read.append(path)
        return load_checkpoint(path)

    monkeypatch.setattr(jobs, "load_checkpoint", counted)
    monkeypatch.setattr(
        Learning,
        "point",
        lambda self, method, count, seed, folder: LabelPoint(
            method, count, seed, (9, 12), (15, 15)
        ),
    )
    jobs.label_curve(data, QUICK, tmp_path / "curve", pretrained=encoder)
    assert read == [encoder]


class Stopped(Exception):
    """Power is gone."""


def stopping(monkeypatch, after):
    """Let so many points pass, then stop in the middle of the next."""
    measure, count = Learning.point, iter(range(after + 1))

    def point(self, method, budget, seed, folder):
        if next(count) == after:
            folder.mkdir(parents=True)
            raise Stopped
        return measure(self, method, budget, seed, folder)

    monkeypatch.setattr(Learning, "point", point)


@pytest.mark.parametrize("after", [1, 5])
def test_a_curve_that_was_stopped_comes_out_the_same(
    after, quick, data, encoder, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        stopping(patched, after)
        with pytest.raises(Stopped):
            jobs.label_curve(data, QUICK, tmp_path / "curve", pretrained=encoder)
    assert len(jobs.read_points(tmp_path / "curve")) == after
    again = jobs.label_curve(data, QUICK, tmp_path / "curve", pretrained=encoder)
    assert again.curve == quick.curve
    for name in ("points.jsonl", "curve.csv", "report.md", "figures/label-curve.svg"):
        assert (again.folder / name).read_bytes() == (quick.folder / name).read_bytes()


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("number", [3, 15, 19], ids=["finetune", "scratch", "cumulants"])
def test_a_point_that_is_missing_is_measured_as_it_was(number, whole, data, encoder, tmp_path):
    folder = shutil.copytree(whole.folder, tmp_path / "curve")
    lines = (folder / "points.jsonl").read_text().splitlines(keepends=True)
    (folder / "points.jsonl").write_text("".join(lines[:number] + lines[number + 1 :]))
    again = jobs.label_curve(data, SETTINGS, folder, pretrained=encoder)
    assert again.curve == whole.curve


@pytest.mark.usefixtures("no_figures")
def test_what_is_there_is_not_measured_again(whole, data, encoder, monkeypatch):
    stopping(monkeypatch, 0)
    again = jobs.label_curve(data, SETTINGS, whole.folder, pretrained=encoder)
    assert again.curve == whole.curve


@pytest.mark.usefixtures("no_figures")
def test_a_folder_takes_more_seeds_and_methods_later(quick, data, encoder, tmp_path):
    first = jobs.label_curve(data, replace(QUICK, methods=("knn",), seeds=1), tmp_path / "a",
                             pretrained=encoder)  # fmt: skip
    more = jobs.label_curve(data, QUICK, tmp_path / "a", pretrained=encoder)
    assert len(first.curve.points) == 2
    assert more.curve == quick.curve


CHANGED = {
    "images shown": ({"teaching": Teaching(shown=48, batch_size=8)}, "teaching"),
    "test examples": ({"per_point": 2}, "test examples per point"),
}


@pytest.mark.parametrize(("changes", "named"), CHANGED.values(), ids=list(CHANGED))
def test_what_shapes_a_point_may_not_change_in_a_folder(changes, named, whole, data, encoder):
    before = (whole.folder / "points.jsonl").read_bytes()
    with pytest.raises(ArtefactError, match=f"a curve of another {named}"):
        jobs.label_curve(data, replace(SETTINGS, **changes), whole.folder, pretrained=encoder)
    assert (whole.folder / "points.jsonl").read_bytes() == before


@pytest.mark.usefixtures("no_figures")
def test_a_damaged_list_of_points_is_refused_in_one_line(data, encoder, tmp_path):
    jobs.label_curve(data, replace(QUICK, seeds=1), tmp_path / "a", pretrained=encoder)
    path = tmp_path / "a" / "points.jsonl"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ArtefactError, match=r"points\.jsonl holds no points"):
        jobs.label_curve(data, QUICK, tmp_path / "a", pretrained=encoder)


@pytest.mark.parametrize("unit", ["class", "class-and-snr"])
def test_every_method_of_a_seed_sees_the_same_labels(unit, data, encoder, monkeypatch):
    seen = []
    own = LabelBudget.rows

    def rows(budget, dataset, seed):
        found = own(budget, dataset, seed)
        seen.append((budget, seed, tuple(found.tolist())))
        return found

    monkeypatch.setattr(LabelBudget, "rows", rows)
    learning = Learning(
        data,
        encoder,
        network_like(data, load_checkpoint(encoder), None),
        SETTINGS.teaching,
        np.arange(30),
    )
    learning.unit = unit
    folder = encoder.parent / "under-way"
    for method in SETTINGS.methods:
        learning.point(method, 1, 1, folder)
    assert {(budget, seed) for budget, seed, _ in seen} == {(LabelBudget(1, unit), 1)}
    assert len({rows for *_, rows in seen}) == 1
    assert len(seen) >= len(SETTINGS.methods)


def test_features_are_computed_once_for_all_budgets(data, encoder, monkeypatch):
    from rfmae.inference import FeatureEncoder

    encoded = []
    own = FeatureEncoder.__call__

    def count(self, iq):
        made = own(self, iq)
        encoded.append(len(made))
        return made

    monkeypatch.setattr(FeatureEncoder, "__call__", count)
    learning = Learning(
        data,
        encoder,
        network_like(data, load_checkpoint(encoder), None),
        SETTINGS.teaching,
        np.arange(30),
    )
    for budget in (1, 4, 8):
        for method in ("probe", "knn"):
            learning.point(method, budget, 0, encoder.parent / "nowhere")
    assert sum(encoded) == 24 + 12 + 30  # train, validation and test, whole


def test_as_many_images_are_shown_whatever_the_labels():
    teaching = Teaching(shown=1000)
    assert [labels * teaching.epochs(labels) for labels in (1, 10, 100, 1000)] == [1000] * 4
    assert teaching.epochs(10_000) == 1


def test_who_starts_from_scratch_is_like_the_pretrained(data, encoder):
    assert network_like(data, load_checkpoint(encoder), None) == NetworkShape("tiny", ("image",), 8)
    assert network_like(data, load_checkpoint(encoder), "base").preset == "base"
    assert network_like(data, None, None) == NetworkShape("small")


def test_budgets_beyond_the_rarest_class_are_left_out(data):
    notes = []

    class CurveResult(Silent):
        def note(self, text):
            notes.append(text)

    assert jobs.possible_budgets(data, (50, 8, 1), CurveResult()) == (1, 8)
    assert "50 labels per class are left out" in notes[0]
    with pytest.raises(TrainingError, match="8 training examples, but at least 50"):
        jobs.possible_budgets(data, (50, 60), Silent())
    assert jobs.possible_budgets(data, (5, 4), CurveResult(), "class-and-snr") == (4,)
    assert "BPSK at 0 dB, has 4 training" in notes[1]
    assert "5 labels per class and SNR point are left out" in notes[1]


@pytest.mark.usefixtures("no_figures")
def test_a_curve_of_labels_per_class_and_snr_names_its_unit(data, encoder, tmp_path):
    settings = replace(QUICK, labels_per_class=None, labels_per_class_and_snr=(1, 2), seeds=1)
    result = jobs.label_curve(data, settings, tmp_path / "curve", pretrained=encoder)
    assert (result.curve.unit, result.curve.budgets) == ("class-and-snr", (1, 2))
    record = json.loads((result.folder / "report.json").read_text())
    assert record["unit"] == "class-and-snr"
    assert record["headline"].startswith("best with 1 label per class and SNR point: ")
    assert "labels per class and SNR point" in (result.folder / "report.md").read_text()
    assert "labels_per_class_and_snr" in (result.folder / "curve.csv").read_text()


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("first", ["class", "class-and-snr"])
def test_a_folder_holds_budgets_of_one_unit(first, data, encoder, tmp_path):
    units = {
        "class": replace(QUICK, labels_per_class=(1,), seeds=1),
        "class-and-snr": replace(
            QUICK, labels_per_class=None, labels_per_class_and_snr=(1,), seeds=1
        ),
    }
    jobs.label_curve(data, units.pop(first), tmp_path / "a", pretrained=encoder)
    (other,) = units.values()
    with pytest.raises(ArtefactError, match="a curve of another label unit"):
        jobs.label_curve(data, other, tmp_path / "a", pretrained=encoder)


@pytest.mark.usefixtures("no_figures")
def test_points_of_an_older_folder_are_of_labels_per_class(data, encoder, tmp_path):
    result = jobs.label_curve(data, replace(QUICK, seeds=1), tmp_path / "a", pretrained=encoder)
    path = result.folder / "points.jsonl"
    path.write_text(path.read_text().replace('"budget"', '"labels_per_class"'))
    assert jobs.read_points(result.folder) == list(result.curve.points)


def test_methods_that_need_an_encoder_are_refused_without_one(data, tmp_path):
    with pytest.raises(TrainingError, match="probe, knn need a pre-trained encoder"):
        jobs.label_curve(data, QUICK, tmp_path / "curve")
    assert not (tmp_path / "curve").exists()


@pytest.mark.usefixtures("no_figures")
def test_without_an_encoder_the_others_have_a_curve_of_their_own(data, tmp_path):
    settings = replace(SETTINGS, methods=("cumulants",), labels_per_class=(8,), seeds=1)
    curve = jobs.label_curve(data, settings, tmp_path / "curve").curve
    assert curve.methods == ("cumulants",)
    # BPSK, 16QAM and GMSK at 0 and 10 dB: far above chance with eight labels
    assert curve.means[0].accuracy > 0.5


def test_unknown_methods_are_refused_with_the_nearest():
    with pytest.raises(TrainingError, match="'finetuned'; did you mean finetune"):
        jobs.CurveSettings(methods=("finetuned",))
    with pytest.raises(TrainingError, match="at least one label"):
        jobs.CurveSettings(labels_per_class=(0,))
    with pytest.raises(TrainingError, match="leave out one of the two"):
        jobs.CurveSettings(labels_per_class=(1,), labels_per_class_and_snr=(1,))


@pytest.mark.usefixtures("no_figures")
def test_a_curve_can_be_one_stage_of_progress(data, encoder, tmp_path):
    watched = ObservedAttention()
    jobs.label_curve(
        data, QUICK, tmp_path / "one", pretrained=encoder, progress=watched, detailed=False
    )
    assert watched.stages == [("label curve", 8, 8)]
    assert watched.notes == []


class ObservedAttention(Silent):
    """Progress that remembers its stages and how far they came."""

    def __init__(self):
        self.stages, self.notes = [], []

    def stage(self, title, total, unit):
        watched = self

        class Stage(type(super().stage(title, total, unit))):
            done = 0

            def __exit__(self, *about):
                watched.stages.append((title, total, self.done))

            def advance(self, count=1, **metrics):
                self.done += count

        return Stage()

    def note(self, text):
        self.notes.append(text)
