"""Volunteers: who can help, and whether they can be asked."""
