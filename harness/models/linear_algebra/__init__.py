"""Matrices of co-occurrence, their inverse, and their singular vectors."""
