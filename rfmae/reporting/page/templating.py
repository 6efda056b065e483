"""What every page is made with: its templates, its style, its colours."""

from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, PackageLoader
from markupsafe import Markup


def environment() -> Environment:
    """The templates of this package, which escape what they are given."""
    return Environment(
        loader=PackageLoader("rfmae.reporting.page", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def verbatim(name: str) -> Markup:
    """A style sheet or a script, not rendered as a template."""
    return Markup(files("rfmae.reporting.page").joinpath("templates", name).read_text("utf-8"))


def variables(colours: Mapping[str, str]) -> Markup:
    """Colours as variables of a style sheet."""
    return Markup(";".join(f"--{name}:{colour}" for name, colour in colours.items()))
