"""Whether our checks agree with a real API server: objects broken in every way, and objects that are right.

`mutator` breaks objects by their schemas, `mistakes` by what one has to know; `writing` writes them down and knows
which line everything stands in; `server` and `ours` are the two judges, and `comparing` tells whether they agree.
"""
