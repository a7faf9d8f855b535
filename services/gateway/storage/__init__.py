"""Clients, signing keys and spent assertions, as rows."""
