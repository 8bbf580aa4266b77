"""`python -m millwork`."""

from millwork.cli.main import main

if __name__ == "__main__":
    main()
