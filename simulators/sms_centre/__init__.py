"""An SMS centre that speaks SMPP 3.4 and keeps its own truth of what handsets received."""
