"""Where the sequences of several studies come from."""
