"""The command line of rfmae."""
