"""How many of something there are, in words."""


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "view"), counted(1200, "view")
    ('1 view', '1,200 views')
    """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
