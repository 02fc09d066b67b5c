"""`thirdrescue incident`: declare from the command line, look, and change what was declared."""
