import unittest

from shop import money


class MoneyTest(unittest.TestCase):
    def test_no_cent_is_lost_on_the_way_in(self):
        for text, cents in [("12.50", 1250), ("0.29", 29), ("1.15", 115), ("7", 700)]:
            with self.subTest(text):
                self.assertEqual(money.parse(text), cents)

    def test_what_is_no_amount_is_refused(self):
        for text in ["", "abc", "1.005", "inf"]:
            with self.subTest(text), self.assertRaises(ValueError):
                money.parse(text)

    def test_amounts_are_shown_with_two_decimals(self):
        for cents, text in [(1250, "12.50"), (5, "0.05"), (0, "0.00"), (-399, "-3.99")]:
            with self.subTest(text):
                self.assertEqual(money.show(cents), text)

    def test_half_a_cent_is_rounded_up(self):
        self.assertEqual(money.share(1050, 5), 53)
        self.assertEqual(money.share(999, 10), 100)
        self.assertEqual(money.share(1000, 10), 100)


if __name__ == "__main__":
    unittest.main()
