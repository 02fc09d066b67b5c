"""Accounts, API keys, sign-in: the only service that knows who somebody is by name."""
