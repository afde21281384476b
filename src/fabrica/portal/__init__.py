"""Portal: pages that show several contexts at once.

Owns no tables: the public start page, a person's home, the staff's desk and the project page. Words: the *next step* is
the one thing a person should do now; the *desk* is where staff decide; an application is *due* for a person when that
person is the one who can move it on. Never: writes anything except through the services of the contexts below.
"""
