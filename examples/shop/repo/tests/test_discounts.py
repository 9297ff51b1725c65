import unittest

from shop import discounts


class DiscountsTest(unittest.TestCase):
    def test_percent_off_is_rounded_half_up(self):
        self.assertEqual(discounts.percent_off(1050, 5), 53)

    def test_more_than_everything_cannot_be_let_off(self):
        for percent in [-1, 101]:
            with self.subTest(percent), self.assertRaises(ValueError):
                discounts.percent_off(1000, percent)

    def test_only_whole_groups_of_three_earn_a_free_piece(self):
        for quantity, off in [(2, 0), (3, 400), (4, 400), (6, 800)]:
            with self.subTest(quantity):
                self.assertEqual(discounts.three_for_two(400, quantity), off)

    def test_the_best_discount_counts_and_not_their_sum(self):
        self.assertEqual(discounts.best([100, 250, 40], 1000), 250)
        self.assertEqual(discounts.best([], 1000), 0)
        self.assertEqual(discounts.best([1200], 1000), 1000)


if __name__ == "__main__":
    unittest.main()
