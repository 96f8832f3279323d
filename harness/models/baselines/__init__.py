"""Reference models that are fitted in closed form or by counting."""
