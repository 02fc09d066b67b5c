"""Geofencing: draws the zones of incidents and finds the stations in reach."""
