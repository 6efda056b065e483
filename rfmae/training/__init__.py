"""Loaders, schedule, the training loop and the run folder."""
