"""The hands: four kinds of actor, each a mailbox around a rule of `events`.

What lives here: the pykka shells of Conductor, Worker, QA and ApprovalGate, and the system that
starts them leaf first and stops them in reverse. An actor receives, decides, records, publishes
and performs; what performing learns comes back to it as a command.

What it never does: decide anything that `events` does not decide, ask without a deadline, call
another actor's methods, or import `replay`.

Start with `conductor`, then `system`.
"""
