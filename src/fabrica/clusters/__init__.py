"""Clusters: sites, machines, what people are called there, and the one port through which every machine is spoken to.

Words: a *site* runs *machines*; a machine has *devices* (GPUs; on the embedded default, this computer counted as one);
a *job* is what a cluster runs; an *account* on the cluster is what jobs are charged to.
Never: knows awards or runs; what a cluster should look like is said by `allocations`.
"""
