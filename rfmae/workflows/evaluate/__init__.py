"""Who sits an exam, what they answer, and what that is worth."""
