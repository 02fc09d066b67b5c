"""Where volunteers are: a position their phone reported, else a place they declared, else their home station."""
