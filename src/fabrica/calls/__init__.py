"""Calls: under which access mode a machine's time can be asked for, and when.

Words: a *mode* (Playground, Fast Lane, Large Scale) is a dated fact of the programme, kept as data with its source; a
*call* opens a mode on a machine. A call keeps the mode's version it was opened under.
Never: knows applications.
"""
