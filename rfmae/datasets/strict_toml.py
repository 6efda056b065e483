"""Records from TOML tables and back: unknown keys, missing keys and wrong types are refused."""

import dataclasses
import json
import re
import types
import typing
from typing import Any, Literal, TypeVar

from rfmae.errors import RecipeError, nearest

R = TypeVar("R")

_KIND_NAMES: dict[type, str] = {
    str: "a word",
    int: "a number",
    float: "a number",
    tuple: "a list of numbers",
}
_TYPE_NAMES: dict[type, str] = {int: "a whole number", float: "a number", str: "a text"}


def build(record: type[R], table: Any, where: str = "") -> R:
    """A record from a table with the same keys, recursively; `where` is the path so far."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table, got {table!r}")
    hints = typing.get_type_hints(record)
    unknown = [key for key in table if key not in hints]
    if unknown:
        raise RecipeError(
            f"unknown key {dotted(where, unknown[0])!r}; {nearest(unknown[0], hints)}"
        )
    for item in dataclasses.fields(record):  # type: ignore[arg-type]
        missing = (
            item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        )
        if missing and item.name not in table:
            raise RecipeError(f"missing key {dotted(where, item.name)!r}")
    return record(
        **{key: _value(hints[key], value, dotted(where, key)) for key, value in table.items()}
    )


def to_toml(table: dict[str, Any]) -> str:
    """A nested table as TOML that reads back the same."""
    lines: list[str] = []
    _write_table(table, "", lines)
    return "\n".join(lines).strip() + "\n"


def dotted(where: str, key: str) -> str:
    """The path of a key, quoted where TOML requires it."""
    key = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
    return f"{where}.{key}" if where else key


# reading ------------------------------------------------------------------------------------


def _value(hint: Any, value: Any, where: str) -> Any:
    """One value checked against its annotation."""
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)  # type: ignore[arg-type]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise RecipeError(f"{where} must be {' or '.join(map(repr, arguments))}, got {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list, got {value!r}")
        return tuple(_value(arguments[0], item, f"{where}[{n}]") for n, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise RecipeError(f"{where} must be a table, got {value!r}")
        return {key: _value(arguments[1], item, dotted(where, key)) for key, item in value.items()}
    if isinstance(hint, types.UnionType):
        return _one_of(arguments, value, where)
    return _plain_value(hint, value, where)


def _one_of(hints: tuple[Any, ...], value: Any, where: str) -> Any:
    """A value of the first type that accepts it."""
    for hint in hints:
        try:
            return _value(hint, value, where)
        except RecipeError:
            continue
    kinds = [_KIND_NAMES[typing.get_origin(hint) or hint] for hint in hints]
    words = " or ".join(dict.fromkeys(kinds))
    raise RecipeError(f"{where} must be {words}, got {value!r}")


def _plain_value(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool):
        raise RecipeError(f"{where} must be {_TYPE_NAMES[hint]}, got {value!r}")
    return value


# writing ------------------------------------------------------------------------------------


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
