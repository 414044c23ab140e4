"""Engines that keep the bank's writes."""
