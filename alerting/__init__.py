"""The rescue desk: every alarm one incident, every clock a row, escalation until somebody has arrived."""
