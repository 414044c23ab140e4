"""The books: accounts, balances, entries, holds, products, interest."""
