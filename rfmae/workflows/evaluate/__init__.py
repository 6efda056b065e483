"""Evaluation of classifiers on the test split."""
