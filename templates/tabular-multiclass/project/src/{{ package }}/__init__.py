"""Which species is a penguin of the Palmer archipelago? Three classes, from a table."""
