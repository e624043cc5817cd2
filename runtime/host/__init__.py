"""HOST: a process around the engine: FastStream, settings, health, metrics and logs."""
