"""The bank put through its paces: made-up customers and faults with known truth, on books of their own."""
