"""What the composed pages show: each list in a number of queries that does not grow with its rows."""
