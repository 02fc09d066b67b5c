"""Missions: teams are formed from counted answers, sent, kept safe by check-ins, and released."""
