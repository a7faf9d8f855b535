"""Independent programs that stand in for the world outside the platform."""
