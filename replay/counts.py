"""How much a verification has looked at."""

import msgspec


class Counts(msgspec.Struct, kw_only=True):
    """All figures are of things that were checked, whatever came of it."""

    records: int = 0
    decisions: int = 0
    """Decided again by the installed rules."""
    prompts: int = 0
    """Built again and compared by their digest."""
    contexts: int = 0
    """Assembled again from their tree."""
    unseen_contexts: int = 0
    """Contexts that show a key by a name that this process has no value of: not assembled again."""
    hints: int = 0
    payloads: int = 0
    """Read and hashed; each counts once, however often it is named."""
    objects: int = 0
    """Files and folders of the recorded trees, each once."""
    edits: int = 0
    """Tool calls whose tree was worked out again from the edit."""
    unseen_edits: int = 0
    """Edits of files that git ignores: only that nothing else changed could be checked."""
    commands: int = 0
    """Tool calls that ran a command: what it did to the tree is taken as it is recorded."""
    merges: int = 0
    commits: int = 0
