"""How services answer over HTTP: identity, problems, idempotency, health."""
