"""What the registry promises to others on the wire."""
