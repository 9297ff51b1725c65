"""Reports: a fold of a whole run whose state is a table, and what is rendered from it.

What lives here: the page that shows a run to people (`report`), and the traces and events that are
handed to other programs (`export`).

What it never does: open a connection, run anything but git, or let a word of the run become markup.

Start with `tables`, then `fold`, then `html`.
"""
