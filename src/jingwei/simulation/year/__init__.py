"""A simulated year of one bank, lived three times: by rules alone, learning, learning from late labels."""
