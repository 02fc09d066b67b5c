"""The live picture: capacity, need, coverage and voids per area, folded from the whole event log by Faust."""
