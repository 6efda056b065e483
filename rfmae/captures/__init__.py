"""Recordings of every kind into a capture that can be trusted, and back to SigMF."""
