"""The rules of paying: pure, told the time, touching nothing outside."""
