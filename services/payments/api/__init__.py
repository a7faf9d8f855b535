"""HTTP in: routes and the shapes that they render."""
