"""Reading trust: the board's cases, conditions, compute, changed purposes. Every list starts from `visible_to`."""
