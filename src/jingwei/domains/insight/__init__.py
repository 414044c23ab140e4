"""Knowing the customer: what all source systems tell, who is who in them, and the one view over it. Pure."""
