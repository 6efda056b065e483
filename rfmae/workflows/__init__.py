"""One function for each job of the toolkit; the one room that knows the whole house."""
