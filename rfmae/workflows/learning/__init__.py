"""Training, from settings to checkpoints."""
