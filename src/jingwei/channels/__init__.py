"""How the world comes in: REST and the command line."""
