"""People: persons, organisations, their SME status and who works where; roles here; personal tokens and SSH keys.

Words: a *person* signs in; an *organisation* applies; a *member* works for an organisation; a *role* (officer,
assessor, operator, provider) is granted by the site; a *token* lets a program act for a person within *scopes*;
an *identity* is how a provider of sign-in knows a person; an *invitation* or a proved *domain* lets people join an
organisation; an *SSH key* opens the machines that the person works on; *SME status* is computed by `engine.sme` from
who owns whom.
Never: decides about an application, or keeps a token's secret.
"""
