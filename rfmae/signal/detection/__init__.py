"""Detection: which stretches of time and frequency of a recording hold a signal."""
