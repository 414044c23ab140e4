"""Jingwei: an open intelligent bank."""
