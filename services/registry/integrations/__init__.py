"""Other systems out: the partners that are called back."""
