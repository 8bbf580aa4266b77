"""What the components that check data share."""
