"""Long short-term memory: a cell state on an additive path, and gates that guard it."""
