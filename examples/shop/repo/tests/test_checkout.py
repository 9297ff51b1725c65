import unittest

from shop.cart import Cart
from shop.checkout import checkout
from shop.stock import OutOfStockError, Stock


class CheckoutTest(unittest.TestCase):
    def setUp(self):
        self.stock = Stock({"tea": 5, "mug": 1})
        self.cart = Cart()
        self.cart.add("tea", "4.20", 3)
        self.cart.add("mug", "9.95")

    def test_an_order_reserves_what_it_sells(self):
        order = checkout(self.cart, self.stock)
        self.assertEqual(order.total_cents, 2255)
        self.assertEqual(self.stock.level("tea"), 2)

    def test_the_better_discount_counts(self):
        self.assertEqual(checkout(self.cart, self.stock, 10, ["tea"]).total_cents, 1835)

    def test_the_receipt_shows_the_discount(self):
        self.assertIn("-2.26", checkout(self.cart, self.stock, percent=10).receipt)

    def test_an_empty_cart_is_refused(self):
        with self.assertRaises(ValueError):
            checkout(Cart(), self.stock)

    def test_what_is_out_of_stock_is_not_sold(self):
        self.cart.add("mug", "9.95")
        with self.assertRaises(OutOfStockError):
            checkout(self.cart, self.stock)
        self.assertEqual(self.stock.level("tea"), 5)


if __name__ == "__main__":
    unittest.main()
