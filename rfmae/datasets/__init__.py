"""Recipes, synthesis, recordings and the data set folder."""
