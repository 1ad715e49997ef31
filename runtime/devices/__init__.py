"""Who may speak on the wire: the register of devices, their certificates, and what the broker is told of them."""
