"""The regulator's view: where should my people go, and is the city getting safer?"""
