"""The words and the rules: commands, events, states, and the pure functions between them.

What lives here: the plan (`track`), and one file a stream (`run`, `attempt`, `hint`, `approval`)
that holds its commands, its events, its state, and `decide`, `evolve` and `due`.

What it never does: read a clock, a file, the network or a random number. It imports msgspec,
rpds and the pure part of the standard library, and nothing of ours.

Start with `base` and `decider`, then `approval`, the smallest stream; `drafts` says how the two
large ones, and a whole log, are folded.
"""
