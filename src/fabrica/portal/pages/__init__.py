"""The pages, by address."""
