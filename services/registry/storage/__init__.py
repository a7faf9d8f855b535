"""The registry's database: its tables, queries and migrations."""
