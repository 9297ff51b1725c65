"""The log: the only truth about a run, and the ways to keep it.

What lives here: the `EventLog` protocol and its two stores (JSON lines on disk, memory), blobs by
content hash, the run folder, upcasters for old shapes, and `entity`, where deciding and recording
meet. docs/log-format.md says what a log holds, byte by byte.

What it never does: know what an event means, skip a record silently, say "recorded" before the
record would survive a power cut, or write diagnostics.

Start with `log`, then `jsonl`.
"""
