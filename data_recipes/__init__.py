"""Data recipes: one TOML file for each data set."""
