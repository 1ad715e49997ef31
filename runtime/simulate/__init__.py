"""An invented city of any size: its register, and the life in it, sent through the same doors as a real one's."""
