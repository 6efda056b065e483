"""Data recipes, synthesis of examples, and the data set folder on disk."""
