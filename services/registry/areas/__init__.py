"""Administrative areas: codes, names, dates and boundaries, as they were brought in from packs."""
