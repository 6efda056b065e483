"""What linear theory says of masked autoencoders and denoisers, in closed form."""
