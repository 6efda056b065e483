"""Evaluation of denoisers."""
