"""Lending at the door: what a decision needs is measured and queried before the command is asked."""
