"""One file for each thing anyone can do."""
