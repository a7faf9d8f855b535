"""The numbers and sentences of the law: dated, sourced, never floats."""
