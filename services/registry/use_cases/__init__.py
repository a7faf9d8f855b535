"""What can be asked of the registry: one verb a file, and the transaction it needs."""
