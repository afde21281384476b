"""Pages of models, of their way to publication, of reports about them, and of keys."""
