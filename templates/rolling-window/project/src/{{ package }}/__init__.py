"""What is a day's weather called? Five classes, from data that comes year by year."""
