"""Public data sets, and arrays of one's own, into data sets of the house."""
