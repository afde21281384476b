"""What goes out of the reviews by letter."""
