"""The code tree: all that reads or changes a working copy.

What lives here: trees kept and merged by git, text edits, commands in their sandbox, the table of
tools that a worker may call, and the reduced views of source files.

What it never does: touch a path outside its worktree, import or run a target's code in our
process, or let the hooks, filters and drivers of a repository run there.

Start with `tools`, then `tree`.
"""
