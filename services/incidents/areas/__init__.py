"""The incidents service's own copy of the administrative areas: what places are called and where they lie."""
