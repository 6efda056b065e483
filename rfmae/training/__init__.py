"""Data loading, the training loop, learning-rate schedule and the run folder."""
