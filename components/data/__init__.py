"""Reading and writing `Examples`, whichever way their rows are stored."""
