"""The deployable services; each owns its database and meets the others on the wire only."""
