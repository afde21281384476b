"""Reading a file's POSIX ACL as Linux keeps it: whether it lets one account in by name."""

import os
import struct
from pathlib import Path

NAME = "system.posix_acl_access"
VERSION = 2
USER, MASK = 0x02, 0x10
READ, SEARCH = 4, 1
HEAD, ENTRY = struct.Struct("<I"), struct.Struct("<HHI")  # version; tag, permissions, number of the account


def allows(path: Path, uid: int, wanted: int) -> bool:
    """Whether the ACL names the account with these permissions, and its mask lets them through. False if unsure."""
    try:
        raw = os.getxattr(path, NAME, follow_symlinks=False)
    except OSError:  # there is none, or the file system keeps none
        return False
    return granted(raw, uid) & wanted == wanted


def granted(raw: bytes, uid: int) -> int:
    """The permissions of an account named in an ACL, as far as the mask lets them through; 0 for one not named."""
    if len(raw) < HEAD.size or HEAD.unpack_from(raw)[0] != VERSION or (len(raw) - HEAD.size) % ENTRY.size:
        return 0
    entries = list(ENTRY.iter_unpack(raw[HEAD.size :]))
    mask = next((bits for tag, bits, _ in entries if tag == MASK), 0)
    return next((bits & mask for tag, bits, number in entries if tag == USER and number == uid), 0)
