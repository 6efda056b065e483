"""Options of a command from the declared settings that it takes, and what was given as a table."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, get_args

import typer
from rfmae_cli.words import names

from rfmae.configuration.augmentation import Augmentation, parse_augmentation
from rfmae.configuration.declared import Setting, check_setting, leaf_settings
from rfmae.errors import TrainingError

TASK = "The task"

_PANELS = (
    None,
    TASK,
    "The network",
    "The examples",
    "How it learns",
    "Further objectives",
    "How it runs",
)
"""The panels of a help page in their order; None is the first."""

_FROM_TEXT: dict[Any, Callable[[str], Any]] = {
    tuple: names,
    Augmentation: lambda text: asdict(parse_augmentation(text)),
}
"""How options that are texts become the values of settings of other types."""

Options = dict[str, tuple[str, Setting, inspect.Parameter]]
"""The path, the setting and the parameter of each option, by the name of the parameter."""


def with_settings(
    record: type, method: type | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command with an option for each setting of a record, and of the method of pre-training.

    The options stand in the place of its parameter `given`, which gets those that were given, as a
    nested table.
    """
    options = _options(record)
    if method is not None:
        options |= _options(method, TASK, depends=True)
    options = dict(sorted(options.items(), key=lambda item: _place(item[1][1])))

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**values: Any) -> None:
            table: dict[str, Any] = {}
            for name, (path, item, _) in options.items():
                if (value := values.pop(name)) is not None:
                    _put(table, path, _parsed(item, value))
            command(given=table, **values)

        parameters: list[inspect.Parameter] = []
        for own in inspect.signature(command).parameters.values():
            made = [parameter for _, _, parameter in options.values()]
            parameters += (
                made if own.name == "given" else [own.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
            )
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {item.name: item.annotation for item in parameters}
        return run

    return decorate


def _options(record: type, panel: str | None = None, *, depends: bool = False) -> Options:
    """The options of a record's settings; where a default `depends`, none is shown."""
    found: Options = {}
    for path, item in leaf_settings(record):
        if item.declared.option is None:
            continue
        name = path.replace(".", "_")
        option = typer.Option(
            *_flags(item),
            help=_help(item) + ("" if depends else _default(item)),
            rich_help_panel=item.declared.panel or panel,
            show_default=False,
        )
        kind = Annotated[_kind(item) | None, option]  # type: ignore[operator]
        found[name] = (
            path,
            item,
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind),
        )
    return found


def _place(item: Setting) -> int:
    return _PANELS.index(item.declared.panel) if item.declared.panel in _PANELS else 1


def _flags(item: Setting) -> list[str]:
    """The flag of an option; of a switch also the one that turns it off."""
    on, _, off = (item.declared.option or item.name.replace("_", "-")).partition("/")
    if _kind(item) is not bool:
        return [f"--{on}"]
    return [f"--{on}/--{off or f'no-{on}'}"]


def _help(item: Setting) -> str:
    """The words of a setting with its choices, unit and range."""
    about, declared = item.declared.about.rstrip("."), item.declared
    choices = "" if all(word in about for word in item.choices) else ", ".join(item.choices)
    facts = ", ".join(filter(None, [choices, declared.unit, declared.range]))
    return f"{about} ({facts})." if facts else f"{about}."


def _default(item: Setting) -> str:
    """The default in words, behind those of the setting."""
    if isinstance(item.default, bool) or (item.default is None and not item.declared.unset):
        return ""
    return f" Default: {item.declared.unset or item.default}."


def _kind(item: Setting) -> Any:
    """The type that the command line parses."""
    plain = {bool, int, float}
    return next((kind for kind in (item.kind, *get_args(item.kind)) if kind in plain), str)


def _parsed(item: Setting, value: Any) -> Any:
    """The value of a setting from that of its option; an error names the option."""
    for kind in (item.kind, *get_args(item.kind)):
        parse = _FROM_TEXT.get(getattr(kind, "__origin__", kind))
        if parse is not None and isinstance(value, str):
            return parse(value)
    check_setting(item, value, TrainingError)
    return value


def _put(table: dict[str, Any], path: str, value: Any) -> None:
    """Set the value of a dotted path in a nested table."""
    group, _, name = path.rpartition(".")
    (table.setdefault(group, {}) if group else table)[name] = value
