"""The rules of telling people: texts, states, hours; pure."""
