"""One room for each trade; none imports another."""
