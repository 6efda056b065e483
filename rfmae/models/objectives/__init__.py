"""The losses of pre-training, each a pure function of what the network said and the truth."""
