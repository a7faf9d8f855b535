"""What eligibility can be asked to do: one file per verb."""
