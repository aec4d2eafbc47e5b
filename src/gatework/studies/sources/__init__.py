"""Made sequences that studies learn from: one task, or a few close ones, a file."""
