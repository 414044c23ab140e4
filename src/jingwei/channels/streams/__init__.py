"""Streams: many events at once from a file or a bus."""
