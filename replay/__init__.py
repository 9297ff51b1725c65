"""The historian: what happened, why, and what the code tree was at that moment.

What lives here: the state at any position, chains of causes, differences, forks, the code tree
of the past, the verification that decides every decision again, and the reports.

What it never does: import `actors`, call a model, run a tool, or write to a log that it reads.

Start with `timeline`, then `verify`.
"""
