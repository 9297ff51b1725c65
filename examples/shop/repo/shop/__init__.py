"""A small shop: money, cart, discounts, stock, receipt, checkout."""
