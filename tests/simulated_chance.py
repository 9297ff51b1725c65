"""What models, tools and files of a simulated run come to, by chance alone."""

from random import Random
from typing import Any

from events.action import Action, Outcome
from events.attempt_commands import RecordCallFailure, RecordReply, RequestTool
from events.attempt_terms import Call
from events.base import Command
from events.conversation import Usage
from events.ids import CallId, Digest, TreeId

TOOLS = [*["write_file", "run_command", "read_file", "finish"] * 8, "give_up"]
"""What a model asks for, as often as it stands here."""


class Chance:
    """Draws what happens; no two trees, digests or commits are the same."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made = 0

    def reply(self) -> Command:
        if self._random.random() < 0.1:
            return RecordCallFailure("unavailable", "503", self._random.random() < 0.9)
        asked = self._random.choices(TOOLS, k=self._random.choice([0, 1, 1, 2, 3]))
        text = self._random.choice(["BLOCKED: no key", "I am BLOCKED", *["so"] * 38])
        calls = tuple(Call(CallId(""), tool, "{}") for tool in asked)
        return RecordReply(text, calls, usage=Usage(input=10, output=1), opening=text)

    def wish(self, call: Call) -> Command:
        if self._random.random() < 0.1:
            return RequestTool(call.call, None, refusal="that is no path")
        if call.tool in {"finish", "give_up"}:
            return RequestTool(call.call, Action(kind="tool", tool=call.tool), words="so be it")
        effects: dict[str, Any] = {"write_file": "write", "run_command": "command"}
        effect = effects.get(call.tool, "read")
        # A file that changes while a person thinks gives the action another digest.
        digest = self._random.choice([Digest("same"), Digest("same"), Digest("other")])
        confined = effect != "command" or self._random.random() < 0.7
        return RequestTool(
            call.call,
            Action(
                kind="tool", tool=call.tool, effect=effect, digest=digest, confined=confined,
                command="make" if effect == "command" else "",
            ),
        )  # fmt: skip

    def outcome(self, luck: float) -> Outcome:
        if self._random.random() < luck:
            return Outcome(ok=True, text="fine", output="fine", exit_code=0)
        failing = self._random.random() < 0.8
        return Outcome(ok=False, text="red", exit_code=1, command="make", failing=failing)

    def number(self) -> int:
        self._made += 1
        return self._made

    def tree(self) -> TreeId:
        return TreeId(f"{self.number():040x}")

    def digest(self) -> Digest:
        return Digest(f"{self.number():064x}")
