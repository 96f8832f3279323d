"""Python objects of other libraries that recommend or score."""
