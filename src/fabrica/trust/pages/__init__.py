"""Pages of the board and of conditions."""
