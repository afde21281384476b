"""Reading the board's cases and conditions. Every list starts from `visible_to`."""
