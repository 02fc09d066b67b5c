"""Incidents: what was declared, at which level, with which needs, until it is closed."""
