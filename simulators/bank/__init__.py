"""A bank that executes ISO 20022 payment files and keeps its own truth of what it credited."""
