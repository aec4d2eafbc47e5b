"""``python -m gatework`` is the command line."""

from gatework.cli.main import main

main()
