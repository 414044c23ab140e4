"""The bank simulated: clock, store, bus, workers and clients in one thread, and one seed is one exact run."""
