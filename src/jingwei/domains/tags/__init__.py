"""Tags: whole numbers about customers, declared once, computed from what happened."""
