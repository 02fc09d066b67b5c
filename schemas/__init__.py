"""The shared language of Third Rescue: ids, words, events, topics and their wire form.

A leaf of the import graph: it imports no service.
"""
