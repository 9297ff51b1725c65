import unittest

from shop.cart import Cart


class CartTest(unittest.TestCase):
    def test_an_empty_cart_costs_nothing(self):
        self.assertEqual(Cart().subtotal(), 0)

    def test_the_subtotal_counts_every_piece(self):
        cart = Cart()
        cart.add("tea", "4.20", 2)
        cart.add("mug", "9.95")
        self.assertEqual(cart.subtotal(), 1835)

    def test_the_same_product_again_adds_to_its_line(self):
        cart = Cart()
        cart.add("tea", "4.20", 2)
        cart.add("mug", "9.95")
        cart.add("tea", "4.20")
        self.assertEqual(
            [(line.sku, line.quantity) for line in cart.lines()], [("tea", 3), ("mug", 1)]
        )

    def test_less_than_one_piece_is_refused(self):
        cart = Cart()
        for quantity in [0, -1]:
            with self.subTest(quantity), self.assertRaises(ValueError):
                cart.add("tea", "4.20", quantity)
        self.assertEqual(cart.lines(), [])


if __name__ == "__main__":
    unittest.main()
