"""Changes of stations: who may propose, verify, confirm and suspend."""
