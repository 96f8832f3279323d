"""Numbers, sentences and tables as text, LaTeX and Markdown."""
