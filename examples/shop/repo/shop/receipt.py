"""The receipt: a cart in words, for a printer of 32 columns."""

from shop.cart import Cart

WIDTH = 32


def render(cart: Cart, discount_cents: int = 0) -> str:
    """Return the lines of the cart, the discount if there is one, and the total."""
    raise NotImplementedError("render")
