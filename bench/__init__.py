"""Measurements: each file sets one path against its named baseline; `python -m bench` runs all."""
