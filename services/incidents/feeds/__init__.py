"""Feeds propose, people accept: documents in, proposals kept and followed, incidents declared or revised from them."""
