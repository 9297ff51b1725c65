"""The words of the one commit of a ticket."""

from events.attempt import Attempt
from events.attempt_terms import Onto
from events.ids import RunId

TITLE_CHARS = 72


def commit_message(attempt: Attempt, run: RunId, onto: Onto) -> str:
    """Return subject and trailers; the same history gives the same words.

    The subject is the ticket's id and the first line of its description.
    """
    terms, usage = attempt.bound, attempt.usage
    subject = f"{terms.ticket.id}: {terms.ticket.title}"
    if len(subject) > TITLE_CHARS:
        subject = subject[: TITLE_CHARS - 3].rstrip() + "..."
    trailers = {
        "Trackside-Run": run,
        "Trackside-Ticket": terms.ticket.id,
        "Trackside-Attempt": str(terms.number),
        "Trackside-Model": terms.model,
        "Trackside-Tokens": f"{usage.input} in, {usage.output + usage.thinking} out",
        "Trackside-Position": str(onto.position),
    }
    return subject + "\n\n" + "".join(f"{name}: {word}\n" for name, word in trailers.items())
