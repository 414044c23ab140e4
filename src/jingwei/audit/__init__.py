"""The evidence: a Merkle log over every outcome, signed heads, proofs."""
