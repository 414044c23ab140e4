"""The rows of the reliability plan: each is a check that can run for seconds or for hours."""
