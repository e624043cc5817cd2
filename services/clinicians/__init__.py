"""WIRING of ``clinicians``: each clinician's time by visit day in, what overlaps out."""
