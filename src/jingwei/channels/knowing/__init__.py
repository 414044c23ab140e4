"""Knowing the customer as the bank runs: its records become tags and needs, moments after they happen."""
