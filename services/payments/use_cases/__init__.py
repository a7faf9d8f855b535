"""One file per verb; each owns its transactions."""
