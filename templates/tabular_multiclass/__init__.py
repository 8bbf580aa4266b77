"""Three classes, tabular data: which species a penguin of the Palmer archipelago is."""
