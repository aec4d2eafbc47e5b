"""Time series: read from tables, checked, scaled and cut into the windows that a forecast reads."""
