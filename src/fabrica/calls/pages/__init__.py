"""The pages of calls: public ones, and those on which operators write modes and look after calls."""
