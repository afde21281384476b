"""Backup and restore of a site: one folder with a manifest, whole or absent; nothing is touched before the check."""
