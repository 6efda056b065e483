"""Records from TOML tables and back.

Tables are written by hand, as tables within lists stand on one line each: a recipe is to be read.
"""

import json
from typing import Any, TypeVar

from rfmae.errors import ArtefactError, RecipeError
from rfmae.plain import dotted, record

Record = TypeVar("Record")


def build(kind: type[Record], table: Any) -> Record:
    """A record from a table with the same keys, recursively.

    Raises `RecipeError` for unknown, missing and mistyped keys.
    """
    try:
        return record(kind, table, "")
    except ArtefactError as error:
        raise RecipeError(str(error)) from error


def to_toml(table: dict[str, Any]) -> str:
    """A nested table as TOML that reads back the same."""
    lines: list[str] = []
    _write_table(table, "", lines)
    return "\n".join(lines).strip() + "\n"


def _write_table(table: dict[str, Any], header: str, lines: list[str]) -> None:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in inner:
            lines.append(f"{dotted('', key)} = {_toml(value)}")
    for key, value in inner.items():
        path = dotted(header, key)
        lines.extend(["", f"[{path}]"])
        _write_table(value, path, lines)


def _toml(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{dotted('', key)} = {_toml(item)}" for key, item in value.items())
        return f"{{ {pairs} }}"
    if value is None:
        raise TypeError("no TOML for None")
    return json.dumps(value, ensure_ascii=False).replace(
        "\x7f", "\\u007f"
    )  # TOML escapes DEL as well
