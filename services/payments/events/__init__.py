"""Shapes on the wire: what this service promises and what it wishes for."""
