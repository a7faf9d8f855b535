"""How services run, store, talk and answer; never what about."""
