"""What may stand in the C sources: denied functions, third-party headers inside their fence only,
and includes in the direction of the rooms (base <- manifest, image, stats, store <- sample,
balance, layout, check, tiling <- nn <- bin; balance, layout, check and tiling stand on sample).

    sources.py CHECK FOLDER     CHECK is denied, fences, rooms or public

public: what the tools include, and what a public header includes, stands in lib/tessera.h, whose
headers are installed.

FOLDER is the source tree. Each finding is a line on stdout; status 1 if there is one.
"""

import re
import sys
from pathlib import Path

DENIED = re.compile(
    r"(?<![\w>.])(sprintf|vsprintf|strcpy|strcat|gets|atoi|atol|atof|strtok|scanf|sscanf|rand|srand"
    r"|random|drand48|system|popen|tmpnam|mktemp|alloca)\s*\(|(?<!\w)goto\s+\w")
# The library returns errors; only these files of it speak or end the process.
SILENT = re.compile(r"(?<![\w>.])(exit|_exit|abort|printf|puts|putchar|perror|g_print|g_printerr)\s*\(")
SPEAKS = {"lib/base/tool.c", "lib/base/log.c", "lib/base/interrupt.c"}

# header: the files that may include it
FENCES = {
    r"vips/": r"lib/image/vips/|tests/",
    r"tiff(io)?\.h": r"lib/image/tiff\w*\.c",
    r"(jpeglib|jerror|turbojpeg)\.h": r"lib/image/jpeg\w*\.c|lib/image/jpeg_fence\.h|tests/",
    r"libdeflate\.h": r"lib/image/png(_read)?\.c",
    r"gsl/": r"lib/base/(rng|tool)\.c|lib/stats/|tests/",
    r"(cblas|lapacke?|openblas\w*)\.h": r"lib/(balance|nn|base/threads)|tests/",
    r"(oneapi/)?dnnl": r"lib/nn/dnnl(_v[23]\.c|_fence\.h|\.c)",
    r"protobuf-c/|.*\.pb-c\.h": r"lib/store/",
    r"archive(_entry)?\.h": r"lib/store/zip\.c|tests/fuzz/",
    r"jansson\.h": r"lib/store/|tests/",
    r"(libsvm/)?svm\.h": r"lib/balance/smote/smote_svm\.c",
    r"check\.h": r"tests/",
}

# room: the rooms that it may include
BELOW = {"base": set()}
for room in "manifest", "image", "stats", "store":
    BELOW[room] = {"base"}
BELOW["stats"].add("manifest")  # reports are written with the escapes of a manifest
BELOW["sample"] = {"base", "manifest", "image", "stats", "store"}
BELOW["balance"] = BELOW["layout"] = BELOW["check"] = BELOW["tiling"] = {"sample"} | BELOW["sample"]
BELOW["nn"] = {"sample", "balance", "layout"} | BELOW["sample"]

PUBLIC = {"lib/tessera.h"}

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def without_noise(text):
    """The text with comments and strings blanked; lines stay where they are."""
    return NOISE.sub(lambda m: "\n" * m.group().count("\n") or '""', text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def denied(name, text):
    code = without_noise(text)
    for match in DENIED.finditer(code):
        yield line_of(code, match.start()), f"denied: {match.group().strip()}"
    if name.startswith("lib/") and name not in SPEAKS:
        for match in SILENT.finditer(code):
            yield line_of(code, match.start()), f"a library does not print or exit: {match.group()}"


def fences(name, text):
    for match in INCLUDE.finditer(text):
        for header, allowed in FENCES.items():
            if re.match(header, match.group(1)) and not re.match(allowed, name):
                yield line_of(text, match.start(1)), f"<{match.group(1)}> outside of its fence"


def rooms(name, text):
    parts = name.split("/")
    if parts[0] != "lib" or name == "lib/tessera.h":
        return
    allowed = BELOW[parts[1]] | {parts[1]}
    for match in INCLUDE.finditer(text):
        room = match.group(1).split("/")[0]
        if room in BELOW and room not in allowed:
            yield line_of(text, match.start(1)), f"{parts[1]} may not include {match.group(1)}"


def public(name, text):
    if not name.startswith("bin/") and name not in PUBLIC:
        return
    for match in INCLUDE.finditer(text):
        header = "lib/" + match.group(1)
        if match.group(1).split("/")[0] in BELOW and header not in PUBLIC:
            yield line_of(text, match.start(1)), f"{match.group(1)} is not in lib/tessera.h"


def main(check, folder):
    findings = 0
    root = Path(folder)
    PUBLIC.update("lib/" + name for name in INCLUDE.findall((root / "lib/tessera.h").read_text()))
    for top in "lib", "bin", "tests", "sample_data":
        for path in sorted(root.glob(f"{top}/**/*.[ch]")):
            name = path.relative_to(root).as_posix()
            for line, message in check(name, path.read_text(encoding="utf-8")):
                print(f"{name}:{line}: {message}")
                findings += 1
    return 1 if findings else 0


if __name__ == "__main__":
    checks = {"denied": denied, "fences": fences, "rooms": rooms, "public": public}
    sys.exit(main(checks[sys.argv[1]], sys.argv[2]))
