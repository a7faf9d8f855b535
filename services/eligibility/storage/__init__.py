"""What eligibility keeps, and the SQL that reads and writes it."""
