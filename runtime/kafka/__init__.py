"""KAFKA: the log port on aiokafka, and the topics that it needs."""
