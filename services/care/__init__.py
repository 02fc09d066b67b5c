"""Cases: people met by the teams, by code only."""
