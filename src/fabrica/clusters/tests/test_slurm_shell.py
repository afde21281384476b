"""What the commands of a cluster said, as text."""

import sys

from fabrica.clusters.adapters.slurm.shell import Here

SAYS = [sys.executable, "-c", r"import sys; sys.stdout.buffer.write(b'a\0b\xffc\n' b'd\0')"]


def test_what_no_database_keeps_is_replaced_in_an_answer_and_in_its_lines():
    here, kept = Here({}, 30), ["a\ufffdb\ufffdc\n", "d\ufffd"]
    assert (here.run(SAYS).out, list(here.lines(SAYS))) == ("".join(kept), kept)
