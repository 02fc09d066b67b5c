"""Geofencing's own copy of the administrative areas, and which of them a zone touches."""
