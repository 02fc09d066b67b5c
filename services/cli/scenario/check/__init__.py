"""Checks a run from outside: by the API, the topics and the recording gateway only, with code of its own."""
