"""Places by name, offline: the copy of the areas, towns of GeoNames and an operator's own list."""
