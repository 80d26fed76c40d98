"""What only authors and teachers run: building, pages, forks, proofs."""
