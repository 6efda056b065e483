"""Constellation images, circular harmonics and other network inputs from I/Q, in torch."""
