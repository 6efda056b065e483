"""Inspection and plots of artefacts and recordings."""
