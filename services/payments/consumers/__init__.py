"""Events in: decisions, totals of runs, payee accounts."""
