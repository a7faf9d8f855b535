"""How rows are kept: connections, roles, migrations, sealed columns, outbox and inbox."""
