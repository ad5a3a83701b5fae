"""Spots, the tracks that they make, and how near tracks come to others."""
