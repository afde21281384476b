"""The forms of calls: the route finder's questions, a mode, a call."""
