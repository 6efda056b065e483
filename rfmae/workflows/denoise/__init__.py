"""What a denoiser is worth."""
