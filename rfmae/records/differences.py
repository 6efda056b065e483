"""What differs between two records, in words."""

from dataclasses import fields, is_dataclass
from typing import Any


def differences(wanted: Any, found: Any) -> str:
    """The fields in which two records of one type differ, such as `size 64 instead of 224`.

    >>> from rfmae.records import ImageConfig
    >>> differences(ImageConfig(size=64), ImageConfig())
    'size 64 instead of 224'
    """
    return ", ".join(_differences(wanted, found, ""))


def _differences(wanted: Any, found: Any, name: str) -> list[str]:
    if wanted == found:
        return []
    if is_dataclass(wanted) and type(wanted) is type(found):
        return [
            line
            for item in fields(wanted)
            for line in _differences(
                getattr(wanted, item.name), getattr(found, item.name), item.name.replace("_", " ")
            )
        ]
    if _are_records(wanted) and _are_records(found):
        if len(wanted) == len(found) and all(hasattr(one, "name") for one in wanted):
            pairs = zip(wanted, found, strict=True)
            return [
                f"{one.name} {line}" for one, two in pairs for line in _differences(one, two, "")
            ]
        return [f"{name} {_listed(wanted)} instead of {_listed(found)}"]
    return [f"{name} {wanted} instead of {found}".strip()]


def _are_records(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and all(map(is_dataclass, value))


def _listed(records: tuple[Any, ...]) -> str:
    return f"({'; '.join(map(str, records))})"
