"""The crew's phone page: where, what, and how do I say that I am there?"""
