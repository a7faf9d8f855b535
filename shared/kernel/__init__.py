"""Pure pieces that rules may import: errors, paging, batches."""
