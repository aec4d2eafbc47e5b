"""One long text as ids, kept on the disk, cut into the streams that a language model reads."""
