"""Looking at artefacts and recordings."""
