"""Training, evaluation and what-if on history."""
