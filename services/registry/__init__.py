"""Registry: the stations and the volunteers, what they can do and whether they can be asked."""
