"""Figures of reports: Matplotlib drawings and how they become SVG."""
