"""The command classify: from recordings to their bursts, or to the classes of a user's own model.

Everything heavy is imported inside.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rfmae_cli import burst_view, console, verdict_view
from rfmae_cli.options import (
    AnalyticOption,
    ChannelOption,
    DeviceOption,
    DtypeOption,
    JsonOption,
    RateOption,
    VerboseOption,
)

from rfmae.errors import CaptureError


def classify(
    recordings: Annotated[
        list[Path],
        typer.Argument(help="Recordings: SigMF, WAV, npy or raw; - is standard input."),
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            "-m",
            help="A classifier of your own: checkpoint or run. Default: bursts are found and named "
            "by what comes with rfmae.",
        ),
    ] = None,
    symbol_rate: Annotated[
        float | None,
        typer.Option("--symbol-rate", help="Symbol rate in Bd that the receiver begins with."),
    ] = None,
    roll_off: Annotated[
        float | None, typer.Option("--roll-off", help="Roll-off of the receiver's matched filter.")
    ] = None,
    centre: Annotated[
        float | None,
        typer.Option(
            "--centre",
            help="Centre of the signal in Hz, from that of the recording or at radio frequency.",
        ),
    ] = None,
    bandwidth: Annotated[
        float | None, typer.Option("--bandwidth", help="Bandwidth of the signal in Hz.")
    ] = None,
    windows: Annotated[
        bool, typer.Option("--windows", help="Also the class of each part of a burst.")
    ] = False,
    annotate: Annotated[
        bool,
        typer.Option(
            "--annotate",
            help="Write new SigMF metadata beside the recording, with an annotation for each "
            "burst. The recording's own metadata stay as they are.",
        ),
    ] = False,
    report: Annotated[
        bool,
        typer.Option("--report", help="Write a page of HTML with every burst and its spectrogram."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="What --annotate or --report writes. Default: NAME-bursts.sigmf-meta beside the "
            "recording, and NAME-bursts.html in artifacts/reports.",
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            help="Follow raw samples on standard input, and print each burst when it is over.",
        ),
    ] = False,
    dtype: DtypeOption = None,
    rate: RateOption = None,
    channel: ChannelOption = None,
    analytic: AnalyticOption = False,
    receiver: Annotated[
        bool,
        typer.Option(
            "--receiver/--no-receiver",
            help="With --model: synchronise recordings of several samples a symbol.",
        ),
    ] = True,
    device: DeviceOption = "auto",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find the bursts of recordings, and say which modulation each has.

    Example: rfmae classify capture.sigmf-meta

    Example: rfmae classify capture.iq --dtype ci16 --rate 1e6 --report

    Example: rfmae classify - --dtype cu8 --rate 1e6 --follow
    """
    from rfmae.captures.read_options import ReadOptions

    _refuse_combinations(
        {
            "--model": model is not None,
            "--follow": follow,
            "--annotate": annotate,
            "--report": report,
            "--out": out is not None,
            "--centre": centre is not None,
            "--bandwidth": bandwidth is not None,
            "--symbol-rate": symbol_rate is not None,
            "--roll-off": roll_off is not None,
            "--channel": channel is not None,
            "--windows": windows,
            "--analytic": analytic,
            "--no-receiver": not receiver,
            "--device": device != "auto",
        }
    )
    read_options = ReadOptions(dtype, rate, channel=channel, analytic=analytic)
    detailed = windows or verbose
    if model is not None:
        told = (symbol_rate, roll_off) if receiver else None
        _by_model(recordings, model, read_options, told, device, detailed, as_json)
        return
    options = _told(symbol_rate, centre, bandwidth, roll_off)
    if follow:
        _follow(recordings, read_options, options, as_json)
    else:
        outputs = _outputs(annotate, report, out, recordings)
        _bursts(recordings, read_options, options, outputs, detailed, as_json)


_OF_BURSTS = ("--follow", "--annotate", "--report", "--out", "--centre", "--bandwidth")
_OF_MODELS = ("--no-receiver", "--device")
_NOT_OF_STREAMS = ("--annotate", "--report", "--out", "--channel", "--analytic", "--windows")


def _refuse_combinations(given: dict[str, bool]) -> None:
    """Refuse options that have no meaning together."""
    chosen = [name for name, is_given in given.items() if is_given]

    def refuse(names: tuple[str, ...], why: str) -> None:
        wrong = [name for name in names if name in chosen]
        if wrong:
            raise CaptureError(f"{' and '.join(wrong)} {why}; leave out one or the other")

    if "--model" in chosen:
        refuse(_OF_BURSTS, "cannot go with --model, which takes a recording as one signal")
    else:
        refuse(_OF_MODELS, "can only go with --model")
    if "--no-receiver" in chosen:
        refuse(
            ("--symbol-rate", "--roll-off"),
            "are for the receiver, which --no-receiver leaves out",
        )
    if "--follow" in chosen:
        refuse(_NOT_OF_STREAMS, "cannot go with --follow")
        if "--bandwidth" in chosen and "--centre" not in chosen:
            raise CaptureError("--bandwidth goes with --centre where a stream is followed; name it")


# bursts ----------------------------------------------------------------------------------------


def _told(
    symbol_rate: float | None,
    centre: float | None,
    bandwidth: float | None,
    roll_off: float | None,
) -> Any:
    from rfmae.bursts.identifying import IdentifyOptions

    return IdentifyOptions(
        symbol_rate_hz=symbol_rate, centre_hz=centre, bandwidth_hz=bandwidth, roll_off=roll_off
    )


def _outputs(annotate: bool, report: bool, out: Path | None, recordings: list[Path]) -> Any:
    from rfmae.workflows.inspect.burst_outputs import Outputs

    if out is not None and (annotate == report or len(recordings) > 1):
        raise CaptureError(
            "--out names the one file that --annotate or --report writes of one recording; "
            "leave it out, or name one of each"
        )
    return Outputs(annotate, report, out)


def _bursts(
    recordings: list[Path],
    read_options: Any,
    options: Any,
    outputs: Any,
    windows: bool,
    as_json: bool,
) -> None:
    """Print what is found in each recording; what fails is told at the end, with exit code 2."""
    from rfmae.workflows.inspect import identified

    found = identified.identified(recordings, read_options, identified.identifier(options), outputs)
    problems = []
    if as_json:
        done = list(found)
        console.say_json([burst_view.as_json(item) for item in done])
        problems = [item.problem for item in done if item.problem]
    else:
        for item in found:
            if item.problem:
                problems.append(item.problem)
            else:
                burst_view.print_answer(item, windows)
    for problem in problems:
        console.complain(problem)
    if problems:
        raise typer.Exit(2)


def _follow(recordings: list[Path], read_options: Any, options: Any, as_json: bool) -> None:
    """Print each burst of standard input when it is over."""
    from rfmae.workflows.inspect import following

    if recordings != [following.STANDARD_INPUT]:
        raise CaptureError("--follow takes raw samples on standard input alone; name - for it")
    stream = following.opened(read_options, options)
    if not as_json:
        burst_view.print_stream_head(stream)
    try:
        for heard in stream.bursts():
            burst_view.print_heard(heard, stream.sample_rate_hz, as_json)
    except BrokenPipeError:  # who reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# a model of the user ---------------------------------------------------------------------------


def _by_model(
    recordings: list[Path],
    model: Path,
    read_options: Any,
    told: tuple[float | None, float | None] | None,
    device: str,
    detailed: bool,
    as_json: bool,
) -> None:
    """Print the class that a classifier gives to each recording as a whole."""
    from rfmae.workflows.inspect import recordings as jobs

    receiver = None if told is None else jobs.ReceiverChoice(*told)
    verdicts = jobs.classify(recordings, model, read_options, receiver=receiver, device=device)
    if as_json:
        console.say_json([jobs.verdict_json(verdict) for verdict in verdicts])
        return
    for verdict in verdicts:
        reception = verdict.answer.reception
        received = (
            [jobs.reception_words(reception)] if reception is not None and reception.locked else []
        )
        verdict_view.print_verdict(jobs.verdict_json(verdict), received, detailed)
