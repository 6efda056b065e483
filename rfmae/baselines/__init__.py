"""What others did before, to measure the networks by: likelihoods, cumulants, histograms."""
