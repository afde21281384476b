"""Pages: the catalogue, publishing, and the data of a project."""
