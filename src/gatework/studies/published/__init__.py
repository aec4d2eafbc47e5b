"""One published experiment a file; ``STUDY`` in each is found by the file's name."""
