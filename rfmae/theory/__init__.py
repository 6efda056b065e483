"""Likelihoods of modulations, and the Bayes accuracy of a class list."""
