"""Looking at what runs made: named by the user, from Python or from the command line."""
