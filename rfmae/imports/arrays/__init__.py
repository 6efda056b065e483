"""I/Q in array files of any container and layout, with labels and SNRs found beside it."""
