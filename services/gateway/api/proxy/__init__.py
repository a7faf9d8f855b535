"""The data half: a plain ASGI application between callers and services."""
