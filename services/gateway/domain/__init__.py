"""The rules of the front door: who may ask for what, and which documents say so."""
