"""Reading trust."""
