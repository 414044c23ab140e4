"""Source systems come in: files and databases read row by row, by a mapping, onto the insight shelf."""
