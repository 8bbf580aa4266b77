"""What a comparison found as one HTML file, which needs nothing else to be read."""
