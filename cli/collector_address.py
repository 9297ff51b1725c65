"""Where a trace goes: from an option, the standard variables, or the standard port."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cli.errors import OptionInvalidError

DEFAULT = "http://localhost:4318"
PATH = "/v1/traces"
BASE = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""Names a collector; the path is ours to add."""
WHOLE = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
"""Names the very address; goes before the other."""


def address_of(url: str, environment: Mapping[str, str]) -> str:
    """Return where to send to: the collector at `url`, else what the environment names.

    Raises:
        OptionInvalidError: what is named is no address of HTTP. It is not repeated: a key can be
            in it.

    >>> address_of("http://collector:4318/", {})
    'http://collector:4318/v1/traces'
    """
    named = (("--send", url), *((name, environment.get(name, "")) for name in (WHOLE, BASE)))
    origin, value = next((one for one in named if one[1]), ("", DEFAULT))
    parts = _parts(value)
    if parts is None:
        raise OptionInvalidError(origin, f"a URL of HTTP is needed, such as {DEFAULT}")
    if origin != WHOLE and not parts.path.endswith(PATH):
        parts = parts._replace(path=parts.path.rstrip("/") + PATH)
    return urlunsplit(parts)


def printable(address: str) -> str:
    """Return an address without the parts in which a key can stand.

    >>> printable("http://me:secret@collector:4318/v1/traces?key=secret")
    'http://collector:4318/v1/traces'
    """
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # of a port, or of brackets
        return None
    return parts if usable else None
