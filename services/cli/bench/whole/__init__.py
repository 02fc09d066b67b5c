"""`bench path`: a whole instance under load, from a declaration to the first page, beside floors in the same run."""
