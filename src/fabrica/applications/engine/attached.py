"""How many files an application and a person may have; which may be attached at all is `kit.attached`."""

APPLICATION_FILES, APPLICATION_BYTES = 20, 50_000_000
PERSON_BYTES = 500_000_000
