"""Norms: what the register counts, beside what was asked for by when."""
