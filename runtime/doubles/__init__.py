"""DOUBLES: log and view in memory, and a broker's and a Redis' faults on a seeded schedule."""
