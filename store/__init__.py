"""The log: the only truth about a run, and the ways to keep it.

What lives here: the `EventLog` protocol and its two stores (JSON lines on disk, memory), blobs by
content hash, snapshots, upcasters for old shapes, and `entity`, where deciding and recording meet.

What it never does: know what an event means, skip a record silently, say "recorded" before the
record would survive a power cut, or write diagnostics.

Start with `log`, then `jsonl`.
"""
