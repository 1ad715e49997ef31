"""The owner's kitchen: is everything in order, and what do I have to do?"""
