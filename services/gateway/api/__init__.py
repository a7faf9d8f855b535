"""The doors: token and key endpoints, documents, and the proxy."""
