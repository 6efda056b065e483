"""Leak audits: whether anything but the signal predicts the class."""
