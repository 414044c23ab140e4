"""Offers: what may be offered to whom, how often, and how the bank learns which of them help."""
