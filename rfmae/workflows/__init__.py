"""One function for each job of the toolkit; this package may import all others."""
