"""Who is told: templates, messages, SMS and their receipts."""
