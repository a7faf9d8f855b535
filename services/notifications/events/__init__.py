"""Shapes of events on the wire."""
