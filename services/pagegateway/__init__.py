"""Simulated: a page provider that records what it is asked to send. No phone is reached."""
