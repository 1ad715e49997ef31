"""A lift as physics: jerk-limited rides, doors, load, a presence sensor that blinks, and faults by script."""
