"""Keeping the bank: the books done again from the log, the check of both, backup and restore."""
