"""Simple recurrent networks: one state, few gates or none, and what was done to them to make them remember."""
