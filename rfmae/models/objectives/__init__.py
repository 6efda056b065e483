"""The losses of pre-training, each a pure function of the network's output and the target."""
