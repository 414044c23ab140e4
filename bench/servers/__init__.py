"""The servers `bench/http.py` sets against each other; each runs in a process of its own."""
