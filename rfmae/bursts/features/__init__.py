"""What is measured of an isolated burst for a network to name it."""
