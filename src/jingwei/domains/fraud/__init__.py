"""Payment fraud: its features, policies and models."""
