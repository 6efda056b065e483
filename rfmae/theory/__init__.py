"""What is possible: likelihoods of modulations, and the Bayes accuracy that they allow."""
