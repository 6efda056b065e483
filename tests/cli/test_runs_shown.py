"""Looking at a training run: show draws its curves as text, plot as a figure."""

import json

import pytest


def answer(result):
    """Standard output of a command that must succeed."""
    assert result.exit_code == 0, f"{result.exception!r}, {result.stderr}"
    return result.stdout


def loss_at(step):
    return 2 / step + 0.01


@pytest.fixture
def run(here):
    """Write a run folder by hand that has come so far, validated at every tenth of its steps."""

    def write(steps=200, figures=None):
        folder = here / "my-run"
        folder.mkdir()
        card = {"kind": "run", "config": {"stage": "pretrain"}, "precision": "float32"}
        (folder / "card.json").write_text(json.dumps(card))
        lines = []
        for step in range(1, steps + 1):
            loss = {"loss": 1.5 * loss_at(step), "reconstruction_loss": loss_at(step)}
            lines.append({"step": step, **loss, "images_per_second": 800.0})
            if step % 20 == 0:
                lines.append({"step": step, "validation_reconstruction_loss": 2 * loss_at(step)})
        lines = lines if figures is None else figures
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / "metrics.jsonl").write_text(text)
        for step in range(20, steps + 1, 20):
            checkpoint = folder / "checkpoints" / f"{step:07d}"
            checkpoint.mkdir(parents=True)
            (checkpoint / "card.json").write_text(json.dumps({"best": [0.1, f"{step:07d}"]}))
        if steps >= 20:
            best = {"checkpoint": f"{steps // 20 * 20:07d}", "score": 0.1}
            (folder / "best.json").write_text(json.dumps(best))
        return folder

    return write


def test_of_an_average_the_step_is_that_of_what_it_was_made_of(rfmae, run):
    folder = run()
    (folder / "best.json").write_text(json.dumps({"checkpoint": "averaged", "score": 0.1}))
    assert json.loads(answer(rfmae("show", folder, "--json")))["best_checkpoint"] == "0000200"


def test_show_tells_what_a_run_is_and_draws_its_curves(rfmae, run):
    message = answer(rfmae("show", run()))
    for words in ("config stage", "pretrain", "steps done", "best checkpoint", "0000200"):
        assert words in message
    assert "training curves; best checkpoint: step 200" in message
    lines = [line.split() for line in message.splitlines()]
    assert ["loss", "3.015", "1", "0.03", "200", "0.03", "200"] in lines
    assert ["on", "validation", "0.22", "20", "0.04", "200", "0.04", "200"] in lines
    assert any(0x2800 < ord(character) < 0x2900 for character in message)
    curves = message[message.index("training curves") :].splitlines()
    assert max(map(len, curves)) <= 80


def test_show_answers_machines_with_the_last_figures(rfmae, run):
    text = answer(rfmae("show", run(), "--json"))
    facts = json.loads(text, parse_constant=pytest.fail)  # no NaN
    assert facts["kind"] == "run"
    assert facts["steps_done"] == 200
    assert facts["best_checkpoint"] == "0000200"
    message = facts["last_figures"]["reconstruction_loss"]
    assert message["training"] == pytest.approx(loss_at(200))
    assert message["validation"] == pytest.approx(2 * loss_at(200))
    assert message["training_step"] == message["validation_step"] == 200


def test_a_run_whose_loss_is_no_number_is_shown_and_its_answer_has_none(rfmae, run):
    folder = run(figures=[{"step": 1, "loss": 0.5}, {"step": 2, "loss": float("nan")}])
    facts = json.loads(answer(rfmae("show", folder, "--json")), parse_constant=pytest.fail)
    assert facts["last_figures"] == {"loss": {"training": 0.5, "training_step": 1}}


def test_a_run_that_has_just_started_says_so(rfmae, run):
    folder = run(steps=0)
    (folder / "metrics.jsonl").unlink()
    message = answer(rfmae("show", folder))
    assert "note: no metrics yet: the run has just started" in message
    assert "training curves" not in message
    facts = json.loads(answer(rfmae("show", folder, "--json")))
    assert facts["last_figures"] == {}
    assert facts["best_checkpoint"] is None
    result = rfmae("plot", folder, "--out", "curves.svg")
    assert result.exit_code == 2
    assert "no metrics yet" in result.stderr
    assert not (folder.parent / "curves.svg").exists()


def test_a_terminal_of_ascii_gets_the_curves_in_ascii(monkeypatch):
    from rfmae_cli import show_view

    class Plain:
        encoding = "ascii"

    said = []
    monkeypatch.setattr(show_view.sys, "stdout", Plain())
    monkeypatch.setattr(show_view.console, "say", said.append)
    show_view.print_facts({"kind": "run"}, "a caption", ["⠁"], ["*"])
    assert said == ["kind  run", "\na caption", "*"]


def test_plot_draws_the_curves_of_a_run(rfmae, here, run):
    message = answer(rfmae("plot", run(), "--out", "curves.svg"))
    assert "pretrain: my-run: loss; reconstruction loss; images per second in curves.svg" in message
    assert (here / "curves.svg").read_bytes().startswith(b"<?xml")
    named = json.loads(answer(rfmae("plot", "my-run", "--json")))
    assert named["figure"] == "artifacts/figures/my-run-curves.png"
    assert (here / named["figure"]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "options",
    ["--what psd", "--image", "--class BPSK", "--at-snr 3", "--row 1", "--split train",
     "--dtype ci16", "--rate 1e6", "--first-sample 1", "--count 9", "--samples-per-symbol 2"],
)  # fmt: skip
def test_what_chooses_among_examples_does_not_go_with_a_run(rfmae, here, run, options):
    result = rfmae("plot", run(), *options.split(), "--out", "curves.png")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "my-run is a run, whose curves are drawn whole" in result.stderr
    assert not (here / "curves.png").exists()


def test_a_name_that_ends_as_no_figure_is_refused(rfmae, run):
    result = rfmae("plot", run(), "--out", "curves.pdf")
    assert result.exit_code == 2
    assert ".png or .svg" in result.stderr
