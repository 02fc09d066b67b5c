"""`thirdrescue import-boundaries`: packs of boundaries and tables of codes, checked and brought into the register."""
