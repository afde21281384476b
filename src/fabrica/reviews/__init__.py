"""Reviews: the technical assessment of an application, and a no that follows from it.

Owns: assessments; proposes who of the experts reviews what. Words: an *assessor* says whether the plan
*fits* the machine and how many hours it needs; an *officer* decides. The applicant reads verdict and comment once it is
decided, and never who wrote them.
Never: judges for an organisation of one's own, or books hours (`allocations`).
"""
