"""Measures of classification and of denoising."""
