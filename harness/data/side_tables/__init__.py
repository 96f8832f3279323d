"""Tables and vectors of items and users, joined to the interactions."""
