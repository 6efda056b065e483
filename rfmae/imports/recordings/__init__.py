"""Recordings on the disk as examples: found, cut into windows, read in blocks."""
