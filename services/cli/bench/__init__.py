"""Benchmarks: each measures this project beside a floor or a peer in the same run, and says what it left out."""
