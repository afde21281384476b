"""Applications: from a first draft to a decision.

Owns: drafts and their answers, submission, screening, the states of an application and its timeline.
Words: the *applicant* writes; an *officer* screens; *returned* means the applicant is asked to mend something.
Never: judges technical merit (`reviews`), books hours (`allocations`), or shows a draft outside its organisation.
"""
