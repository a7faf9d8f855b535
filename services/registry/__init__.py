"""The registry: who exists, who lives together, and what each household has declared."""
