"""From what was typed to a place and its area codes: areas by code, circles, addresses, boundaries around a point."""
