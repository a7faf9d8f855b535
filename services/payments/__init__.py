"""Who is paid: entitlements, cycles, instructions, ledger, bank files and reconciliation."""
