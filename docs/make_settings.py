"""docs/settings.md, of the declared settings: python docs/make_settings.py

Every key of a recipe and every setting of a training, with its range, unit and default. A test
holds the page to the code.
"""

from collections.abc import Iterator
from dataclasses import MISSING, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from rfmae.configuration.declared import Setting, leaf_settings
from rfmae.configuration.methods import Method
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import Recipe
from rfmae.records import Modality, Plane
from rfmae.signal.modulations import MODULATIONS

PAGE = Path(__file__).parent / "settings.md"

HEAD = """# Settings

Made from the code by `make docs`: what a recipe may hold, and what a training may be given on
the command line, in a file (`--config my.toml`), or in Python. A key within a path is a table:
`source.channel.snr` is `snr` in `[source.channel]`. Unknown keys, values of another type and
values out of range are refused in one line.
"""

RECIPES = """## Recipes

`rfmae synth --recipe my.toml`; `rfmae list recipes` names those that come with rfmae. Where an
effect of the channel takes a range, `[lowest, highest]`, each example draws its own value,
uniformly; `"uniform"` is the natural range of a periodic one.
"""

PLANES = """`image.planes` is a list of tables, the planes of an image:"""

MODALITIES = """`modalities` is a list of tables, the inputs of a network:"""

PARAMETERS = """`source.parameters.NAME` changes settings of one modulation, such as
`source.parameters.GFSK = { modulation_index = 0.5 }`:"""

TRAINING = """## Training

`rfmae pretrain --config my.toml`, `rfmae finetune --config my.toml`; an option beside it has
precedence. A run keeps all settings in its card, so `--config RUN` makes the same run again.

```toml
preset = "tiny"
epochs = 20
method = "curriculum"

[masking]
ratio = 0.6
```
"""

METHODS = """
`method` names a method of pre-training, whose settings the following change; each method
has its own defaults (`rfmae.configuration.methods`), those here are of `denomae2` for square
patches."""


def page() -> str:
    """The whole page."""
    return (
        "\n\n".join(
            part.strip()
            for part in (
                HEAD,
                RECIPES,
                table(leaf_settings(Recipe)),
                PLANES,
                table(leaf_settings(Plane)),
                MODALITIES,
                table(leaf_settings(Modality)),
                PARAMETERS,
                table(modulation_settings()),
                TRAINING,
                "### Pre-training",
                table(leaf_settings(Pretraining), options=True),
                METHODS,
                table(leaf_settings(Method), options=True),
                "### Fine-tuning",
                table(leaf_settings(Finetuning), options=True),
            )
        )
        + "\n"
    )


def modulation_settings() -> Iterator[tuple[str, Setting]]:
    """The settings of each kind of modulation, with the names of those that have them."""
    kinds: dict[type, list[str]] = {}
    for name, row in MODULATIONS.items():
        kinds.setdefault(type(row.settings), []).append(name)
    for kind, names in kinds.items():
        for path, item in leaf_settings(kind):
            yield f"{path} ({', '.join(names)})", item


def table(settings: Iterator[tuple[str, Setting]], *, options: bool = False) -> str:
    """A Markdown table of settings, with the options of the command line where there are any."""
    heads = ["key", *(["option"] if options else []), "meaning", "values", "default"]
    rows = [
        [_key(path), *([_option(item)] if options else []), *_facts(item)]
        for path, item in settings
    ]
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _key(path: str) -> str:
    key, space, names = path.partition(" ")
    return f"`{key}`{space}{names}"


def _option(item: Setting) -> str:
    if item.declared.option is None:
        return ""
    flags = (item.declared.option or item.name.replace("_", "-")).split("/")
    return ", ".join(f"`--{flag}`" for flag in flags)


def _facts(item: Setting) -> list[str]:
    """Meaning, values and default of a setting."""
    declared = item.declared
    texts = ", ".join(f"`{text}`" for text in (*item.choices, *declared.texts))
    numbers = " ".join(filter(None, [_kind(item.kind), declared.range]))
    values = "; ".join(filter(None, [", ".join(filter(None, [numbers, declared.unit])), texts]))
    return [declared.about, values, _default(item)]


_KINDS: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    tuple: "list",
}


def _kind(kind: Any) -> str:
    """The type of a setting in words; a choice has its values instead."""
    kinds = [kind, *get_args(kind)]
    if any(str(get_origin(one)) == "typing.Literal" for one in kinds):
        return ""
    if tuple in map(get_origin, kinds) and float in kinds:
        return "list of numbers" if get_origin(kind) is tuple else "number or range"
    found = [_KINDS[origin] for one in kinds if (origin := get_origin(one) or one) in _KINDS]
    return found[0] if found else "table"


def _default(item: Setting) -> str:
    if item.declared.unset:
        return item.declared.unset
    if item.default is MISSING:
        return "required"
    if item.default is None:
        return "none"
    if is_dataclass(item.default):
        return "its own"
    if isinstance(item.default, tuple):
        return f"`{list(item.default)}`"
    shown = str(item.default).lower() if isinstance(item.default, bool) else item.default
    return f"`{shown}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
