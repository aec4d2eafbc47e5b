"""One published experiment a file, or a package where it has parts of its own; its name finds ``STUDY`` there."""
