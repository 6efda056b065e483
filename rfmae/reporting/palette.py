"""Colours of every figure and page, safe for colour-blind readers, on white and on black."""

SERIES = (
    "#0b62a4",
    "#c2410c",
    "#00795c",
    "#8a4fa3",
    "#8a6500",
    "#b5266f",
    "#00829b",
    "#5a5a5a",
)
"""One for each model, after Okabe and Ito (2008), dark enough to be read as text on white."""

SERIES_ON_DARK = (
    "#6cb2f0",
    "#f58f62",
    "#41c79d",
    "#c79be6",
    "#e0b341",
    "#f286bd",
    "#5fd0ea",
    "#c4c4c4",
)

STEPS = ("#dba03a", "#c47d4f", "#a5606a", "#7d4f82", "#563f8e", "#303381", "#131f5b")
"""From low to high, each darker than the one before."""

STEPS_ON_DARK = ("#5f4f99", "#7f62b3", "#a576bc", "#cc88b4", "#ea9fa2", "#f7be8e", "#fde69c")
"""From low to high, each lighter than the one before."""

DASHES = ("none", "7 3", "2 3", "7 3 2 3", "1 2")
"""Of lines that share a colour, in SVG syntax."""
