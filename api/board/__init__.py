"""The operators' live board: who needs me now?"""
