"""Stations and detachments: where help is."""
