"""Linear in the state: what can be scanned in parallel over time."""
