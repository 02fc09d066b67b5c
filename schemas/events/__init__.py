"""Event models, one file per aggregate."""
