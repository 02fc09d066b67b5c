"""Feed readers: what other organisations publish about disasters, read into one form. Feeds propose, people accept.

`read.read(name, data)` turns bytes into a `Reading`; `propose.propose` maps a reading to proposals, and `follow.follow`
keeps the threads of proposals that speak of the same event. All of it is pure: no file, clock, network or database.
"""
