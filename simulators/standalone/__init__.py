"""What every simulator that runs as a program of its own needs: a life, a folder, a door."""
