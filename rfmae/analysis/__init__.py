"""Linear masked autoencoders and denoisers in closed form."""
