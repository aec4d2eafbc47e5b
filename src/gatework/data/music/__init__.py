"""Piano rolls: read from and written to MIDI and other files, cut into examples."""
