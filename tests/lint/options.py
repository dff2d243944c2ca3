"""The options of a tool's --help and those of its man page are the same.

    options.py PROGRAM PAGE

In mdoc a long option is `Fl -name` or `Fl Fl name`, or `Fl n , -name` behind its short form.
"""

import re
import subprocess
import sys

program, page = sys.argv[1:]
text = subprocess.run([program, "--help"], capture_output=True, check=True, text=True).stdout
in_help = set(re.findall(r"^  (?:-\w, )?--([a-z0-9][a-z0-9-]*)", text, re.MULTILINE))
in_page = set()
with open(page, encoding="utf-8") as lines:
    for line in lines:
        if re.match(r"\.(It|Op|Fl)\b", line):
            in_page |= set(re.findall(r"(?:\s-|Fl Fl )([a-z0-9][a-z0-9-]*)", line))

for name in sorted(in_help - in_page):
    print(f"{page}: --{name} of --help is missing, expected '.It Fl -{name}'")
for name in sorted(in_page - in_help):
    print(f"{page}: --{name} is not an option of {program}")
if not in_help:
    print(f"{program} --help lists no option")
sys.exit(1 if in_help != in_page or not in_help else 0)
