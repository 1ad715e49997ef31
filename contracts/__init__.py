"""What two processes must agree on. Pure: nothing in here opens a file, a socket or a clock."""
