"""Alerts: asks volunteers in waves by quota, counts their answers, and sends the pages."""
