#!/usr/bin/env python3
"""Tokens (JWT, HS256) of a cluster's accounts, as `scontrol token` makes them: tokens.py KEY_FILE FOLDER [SECONDS]."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from pathlib import Path

ACCOUNTS = ("fabrica", *(f"fp{number:04d}" for number in range(1, 17)))


def part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(key, account, seconds, now=None):
    """What slurmrestd takes as proof of being `account`."""
    begin = int(time.time() if now is None else now)
    claims = {"exp": begin + seconds, "iat": begin, "sun": account}
    signed = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def write(key_file, folder, seconds=86_400):
    """One file for each account, readable for nobody but us."""
    key = key_file.read_bytes()
    folder.mkdir(mode=0o700, exist_ok=True)
    for account in ACCOUNTS:
        fresh = folder / f".{account}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token(key, account, seconds) + "\n")
        fresh.replace(folder / account)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))
