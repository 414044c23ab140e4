"""How a Czech bank's books of the nineties (the Berka data of PKDD'99) come in: read, checked, ordered."""
