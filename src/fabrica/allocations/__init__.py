"""Allocations: hours that were awarded, the ledger that counts them, and the accounts a cluster should have for them.

Words: a machine's *supply* fills its *pool*; an *award* moves hours from the pool to *free*; a job *holds* hours before
it starts, *spends* what it used, and *releases* the rest. Everything is whole GPU-seconds; on a machine without GPUs
its device counts as one. Double entry: every transfer moves two balances, and all balances together are always zero.
Proposes, under capacity and caps, whom to award; a person confirms.
Never: starts jobs, or lets a balance other than the supply's go below zero.
"""
