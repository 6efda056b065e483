"""From I/Q to constellation images: a pure function on torch tensors, on any device."""
