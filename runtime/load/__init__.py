"""An invented fleet's telemetry at a set rate, and what it costs: for the benches of every part."""
