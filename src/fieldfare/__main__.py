"""`python -m fieldfare`, where the command itself is not on the path."""

from fieldfare.cli import main

main()
