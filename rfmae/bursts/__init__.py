"""From a recording to its bursts, and what each of them is."""
