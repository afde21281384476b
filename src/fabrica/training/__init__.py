"""Training: runs, from the plan to the end, with every hour booked.

Owns: runs, their attempts, points of the loss curve, and the job folder's side of the portal.
Words: a *run* is what a person launches; an *attempt* is one job on the machine for it (an interrupted run gets
another); a *hold* is what the ledger sets aside for it; a *point* is one logged step.
Never: trains (`runner` does, inside the job), books by itself (`allocations` does), or packs models (`registry` does).
"""
