"""Notices: messages to people, on the portal and by e-mail.

Owns: the outbox. A notice is written in the transaction of the change it tells of; a worker sends it afterwards, so a
mail server that is down delays mail and nothing else.
Never: knows what a notice is about; its words are a template `notices/<kind>.txt` of the context that writes it.
"""
