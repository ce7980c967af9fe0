"""Marks from a program, over the socket of the setting `events`: a line of text a mark, and an answer to each.

    python mark.py SOCKET TEXT ...
"""

import socket
import sys

with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    lines = connection.makefile("rw", encoding="utf-8", newline="\n")
    for text in sys.argv[2:]:
        lines.write(text + "\n")
        lines.flush()
        print(lines.readline().rstrip())  # ok FRAME SECONDS, or what is wrong
