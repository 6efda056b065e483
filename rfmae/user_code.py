"""A user's own functions and classes, named `package.module:attribute`."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

from rfmae.errors import CheckpointError

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_code_name(name: str) -> bool:
    """Whether a name has the form `package.module:attribute`."""
    return _NAME.fullmatch(name) is not None


def imported(name: str) -> Any:
    """What `package.module:attribute` names, installed or in the current folder.

    Raises:
        CheckpointError: A module that cannot be imported, or one without that attribute.
    """
    module_name, _, attributes = name.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:  # it is kept, since the function may import later
        sys.path.append(here)  # behind Python's own modules and the installed ones
    importlib.invalidate_caches()
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise CheckpointError(
            f"{module_name} cannot be imported from the current folder or the installed packages: "
            f"{first_words(error)}"
        ) from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise CheckpointError(f"module {module_name} has no {attributes!r}")
        found = getattr(found, attribute)
    return found


def first_words(error: BaseException) -> str:
    """The kind of an error and the first line of its message."""
    words, kind = str(error).strip().splitlines(), type(error).__name__
    return f"{kind}: {words[0]}" if words else kind
