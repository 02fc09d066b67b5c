"""Whole stories on a running instance (minutes)."""
