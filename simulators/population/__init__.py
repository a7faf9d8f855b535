"""A synthetic country: persons and households as the registry's import takes them."""
