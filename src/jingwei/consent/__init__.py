"""Consent: on which ground the bank may read what it keeps of a customer, and how often it did."""
