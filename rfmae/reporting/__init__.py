"""Tables, figures and report folders made of records."""
