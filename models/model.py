"""The interface to every language model: a prompt in, one whole answer out."""

from typing import Protocol

from events.conversation import Completion, Prompt


class Model(Protocol):
    """One provider. It remembers nothing: the whole conversation comes with each prompt."""

    async def complete(self, prompt: Prompt) -> Completion:
        """Return the answer to `prompt`, after one try; who calls decides about another.

        Runs on the loop of `models.service`; cancelling it ends the request.

        Raises:
            ModelError: there is no whole, usable answer.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections; no call may be out."""
        ...
