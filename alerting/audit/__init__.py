"""The independent auditor: process, database role and ways to people of its own. Nothing of the desk is in it."""
