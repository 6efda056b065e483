"""Charts as records: each is described once, and drawn on the page and as a figure."""
