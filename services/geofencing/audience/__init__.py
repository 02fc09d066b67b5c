"""Who would be asked, and who is where: the people behind the zones, counted or listed by id."""
