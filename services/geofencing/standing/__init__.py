"""Zones as standing queries: who comes into reach later is found, who leaves is released, and only that is told."""
