"""What is trained, and how: from settings to checkpoints."""
