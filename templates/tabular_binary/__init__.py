"""Two classes, tabular data: who visits a doctor at all, in the RAND health insurance experiment."""
