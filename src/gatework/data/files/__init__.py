"""From what a user names to documents, lines and rows: plain, compressed or piped."""
