"""Files of user and item vectors."""
