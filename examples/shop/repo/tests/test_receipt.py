import unittest

from shop.cart import Cart
from shop.receipt import render


class ReceiptTest(unittest.TestCase):
    def setUp(self):
        self.cart = Cart()
        self.cart.add("tea", "4.20", 3)
        self.cart.add("mug", "9.95")

    def test_every_line_and_the_total_are_printed(self):
        self.assertEqual(
            render(self.cart).splitlines(),
            [
                "  3 x tea                  12.60",
                "  1 x mug                   9.95",
                "--------------------------------",
                "total                      22.55",
            ],
        )

    def test_a_discount_has_its_own_line(self):
        self.assertEqual(
            render(self.cart, 420).splitlines()[2:],
            [
                "discount                   -4.20",
                "--------------------------------",
                "total                      18.35",
            ],
        )


if __name__ == "__main__":
    unittest.main()
