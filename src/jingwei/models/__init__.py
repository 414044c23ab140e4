"""What a model is: one contract, served compiled, kept in a registry of content-addressed files."""
