"""ENGINE: one partition's exactly-once pipeline, over the ports of log and view."""
