"""A made-up city: people, shops, hidden causes and criminals, with the truth kept apart. All simulated."""
