"""Four classes, text: which team should answer a message to the help desk."""
