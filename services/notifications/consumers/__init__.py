"""Events in: what other services say happened."""
