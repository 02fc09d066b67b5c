"""Replaying a real disaster on a running instance: its data, its simulated world and its report."""
