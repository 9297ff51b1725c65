import unittest

from shop.stock import OutOfStockError, Stock


class StockTest(unittest.TestCase):
    def test_reserved_pieces_are_gone(self):
        stock = Stock({"tea": 5, "mug": 1})
        stock.reserve({"tea": 2, "mug": 1})
        self.assertEqual((stock.level("tea"), stock.level("mug")), (3, 0))

    def test_a_shortage_names_everything_that_is_missing(self):
        stock = Stock({"tea": 1})
        with self.assertRaises(OutOfStockError) as caught:
            stock.reserve({"tea": 3, "jam": 2})
        self.assertEqual(caught.exception.missing, {"tea": 2, "jam": 2})

    def test_a_shortage_reserves_nothing(self):
        stock = Stock({"tea": 5, "mug": 0})
        with self.assertRaises(OutOfStockError):
            stock.reserve({"tea": 2, "mug": 1})
        self.assertEqual(stock.level("tea"), 5)

    def test_released_pieces_are_back(self):
        stock = Stock({"tea": 5})
        stock.reserve({"tea": 2})
        stock.release({"tea": 2})
        self.assertEqual(stock.level("tea"), 5)


if __name__ == "__main__":
    unittest.main()
