"""The door: arguments in, exit code out.

What lives here: one file a command, and `wiring`, the only place that names concrete classes.

What it never does: hold a rule. Whatever a command has to know about tracks, tickets or logs
lives in the rooms below; what is printed here is escaped for a terminal first.

Start with `main`, then `wiring`.
"""
