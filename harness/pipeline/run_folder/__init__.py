"""Write the folder of a finished run, and read it back."""
