"""Rows: tables, set-based statements, migrations."""
