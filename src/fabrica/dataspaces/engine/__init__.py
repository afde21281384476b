"""What may be uploaded, how it is unpacked, and how it is copied and checked. No Django."""
