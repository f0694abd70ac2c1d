"""`python -m confednode` is `confed`."""

from confednode.cli import main

if __name__ == "__main__":
    main()
