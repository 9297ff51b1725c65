"""Money as whole cents: read, shown, and shared."""


def parse(text: str) -> int:
    """Return the cents of an amount such as ``12.50``."""
    return int(float(text) * 100)


def show(cents: int) -> str:
    """Return an amount as people write it: ``12.50``."""
    return str(cents / 100)


def share(cents: int, percent: int) -> int:
    """Return `percent` of an amount, rounded half up to a whole cent."""
    return cents * percent // 100
