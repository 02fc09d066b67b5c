"""The talent register: who took part in which course, for how many hours."""
