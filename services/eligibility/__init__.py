"""Who qualifies: the socio-economic index, programmes, decisions and runs."""
