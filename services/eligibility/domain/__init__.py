"""The rules of the index and of the programmes: pure, vectorised, exact."""
