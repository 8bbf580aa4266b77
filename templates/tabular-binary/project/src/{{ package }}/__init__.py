"""Who visits a doctor at all? Two classes, from the RAND health insurance experiment."""
