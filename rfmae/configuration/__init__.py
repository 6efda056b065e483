"""Settings, declared once with their defaults, ranges and words, and read from files."""
