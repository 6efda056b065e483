"""Classifiers that need no training, to measure the trained ones by."""
