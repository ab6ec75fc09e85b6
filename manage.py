#!/usr/bin/env python3
"""The command line: the same as `amends`."""

from amends.config.command_line import main

if __name__ == "__main__":
    main()
