"""Trust: the gate every application passes.

The AI Act and the programme's rules as data (`engine.act`), asked in an interview; what the first gate decided with its
eleven questions (`engine.gate`) stays readable. The list of trustworthy AI (`engine.altai`), by which applicants assess
themselves; the ethics board with its conditions; training compute against the Act's thresholds (`engine.compute`).

Words: *questions* are data with their legal reference; *answers* are yes, no, unsure or a number; an *assessment* keeps
answers, decision, labels, duties and path under the version of the rules they were made with.
Never: gives legal advice, or turns unsure into no.
"""
