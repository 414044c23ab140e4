"""What the pages of lending share: loans in words, as pictures and on paper."""
