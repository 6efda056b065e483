"""Records become tables, figures and a report folder."""
