"""How services tell one another what happened: envelopes, brokers, relay, consumers."""
