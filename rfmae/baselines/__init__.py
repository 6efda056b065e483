"""Classical baselines: likelihood receiver, cumulants, histograms, Kolmogorov-Smirnov."""
