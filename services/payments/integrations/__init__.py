"""Other systems out: the bank, its files and its reports."""
