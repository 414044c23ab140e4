"""Credit: loan products, schedules, scores, limits, prices and the life of a loan."""
