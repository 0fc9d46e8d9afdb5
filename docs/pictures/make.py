#!/usr/bin/env python3
"""Make the pictures of yinit top: run the demo in tmux, or a node with containers, press keys,
and write what the terminal shows as SVG.

    docs/pictures/make.py [--light] [--size 100x28] [--to DIR] [PICTURE...]

It needs tmux and bin/yinit; for the picture of the containers also root, Docker and a static
busybox. The pages that it shows are those of PICTURES below.
"""

import argparse
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata

# The keys to press for each picture, and a text to wait for before and after them. A number
# is a time to wait, in seconds.
PICTURES = {
    "tree": ([], "held by|not reaped by"),
    "zombies": ([25, "2"], "WHY"),
    "signals": (["3"], "PENDING"),
    "history": ([20, "4"], "SIGSEGV"),
    "doctor": (["5"], "KILLED"),
    "details": (["/", *"worker", "Enter", "Enter"], "threads"),
    "menu": (["/", *"stubborn", "Enter", "k"], "IGNORE"),
    # The filter hides the namespace in which the engine runs. The time shows how zombies grow.
    "containers": (["/", *"shop-", "Enter", 45, "Home"], "zombies +\\d"),
}

# Each picture is of the demo, but for this one, which is of node.sh.
NODE = "containers"

HERE = os.path.dirname(os.path.abspath(__file__))
YINIT = os.path.join(HERE, "..", "..", "bin", "yinit")

# The 16 colours of the terminal, and its foreground and background: those of Tango.
COLOURS = ["2e3436", "cc0000", "4e9a06", "c4a000", "3465a4", "75507b", "06989a", "d3d7cf"]
BRIGHT = ["555753", "ef2929", "8ae234", "fce94f", "729fcf", "ad7fa8", "34e2e2", "eeeeec"]
DARK, LIGHT = ("d3d7cf", "1c1e20"), ("2e3436", "ffffff")

CELL_WIDTH, CELL_HEIGHT, MARGIN = 8.4, 18, 12


class Terminal:
    """The demo, or a node with containers, in a tmux server of its own."""

    def __init__(self, width, height, node):
        self.node = node
        # The pictures show the path of the program, so it gets a short one.
        self.dir = tempfile.TemporaryDirectory(prefix="demo-")
        self.socket = os.path.join(self.dir.name, "socket")
        shutil.copy(YINIT, self.dir.name)
        # The host must not show: its name, and the pid files in its /run, of which the doctor
        # knows whether they are stale.
        command = ["unshare", "--mount", "--uts", *([] if os.getuid() == 0 else ["--map-root-user"])]
        if node:
            command += ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "./yinit", "--", os.path.join(HERE, "node.sh"), "./yinit"]
        else:
            command += ["sh", "-c", "hostname demo; mount -t tmpfs none /run; exec ./yinit demo"]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-c", self.dir.name, "-x", str(width), "-y", str(height), *command)

    def tmux(self, *args):
        command = ["tmux", "-S", self.socket, *args]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-e", "-N", "-p")

    def press(self, key):
        if isinstance(key, int):
            time.sleep(key)
            return
        self.tmux("send-keys", *(["-l", key] if len(key) == 1 else [key]))
        time.sleep(0.1)

    def wait(self, text):
        for _ in range(200):
            if re.search(text, re.sub(r"\x1b\[[\d;]*m", "", self.screen())):
                return
            time.sleep(0.1)
        sys.exit(f"the screen does not show {text!r}:\n{self.screen()}")

    def close(self):
        if self.node:
            self.leave()
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)
        self.dir.cleanup()

    def leave(self):
        """Quit top, so that node.sh removes its containers, and wait for its end."""
        subprocess.run(["tmux", "-S", self.socket, "send-keys", "-l", "q"], capture_output=True)
        for _ in range(300):
            if subprocess.run(["tmux", "-S", self.socket, "has-session"], capture_output=True).returncode != 0:
                return
            time.sleep(0.1)


class Pen:
    """The attributes that SGR sequences set, see console_codes(4)."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.bold = self.faint = self.reverse = False
        self.fg = self.bg = None

    def apply(self, codes):
        for code in [int(c or 0) for c in codes.split(";")]:
            if code == 0:
                self.reset()
            elif code == 1:
                self.bold = True
            elif code == 2:
                self.faint = True
            elif code == 7:
                self.reverse = True
            elif code == 22:
                self.bold = self.faint = False
            elif code == 27:
                self.reverse = False
            elif code // 10 in (3, 4) and code % 10 in (*range(8), 9):
                colour = None if code % 10 == 9 else COLOURS[code % 10]
                setattr(self, "fg" if code < 40 else "bg", colour)
            elif code // 10 in (9, 10) and code % 10 < 8:
                setattr(self, "fg" if code < 100 else "bg", BRIGHT[code % 10])

    def colours(self, theme):
        fg, bg = self.fg or theme[0], self.bg or theme[1]
        return (bg, fg) if self.reverse else (fg, bg)


def width(text):
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def line_as_svg(pen, line, y, theme):
    """Return the SVG elements of a line: the backgrounds, then the texts."""
    boxes, texts, column = [], [], 0
    for part in re.split(r"(\x1b\[[\d;]*m)", line):
        if part.startswith("\x1b"):
            pen.apply(part[2:-1])
            continue
        if not part:
            continue
        fg, bg = pen.colours(theme)
        x, cells = MARGIN + column * CELL_WIDTH, width(part)
        if bg != theme[1]:
            boxes.append(f'<rect x="{x:.1f}" y="{y}" width="{cells * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}" fill="#{bg}"/>')
        if part.strip():
            style = ' font-weight="bold"' if pen.bold else ""
            style += ' opacity="0.55"' if pen.faint else ""
            texts.append(
                f'<text x="{x:.1f}" y="{y + 13.5}" fill="#{fg}"{style} '
                f'textLength="{cells * CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs">{html.escape(part)}</text>')
        column += cells
    return boxes + texts


def as_svg(screen, columns, rows, theme):
    pen, body = Pen(), []
    for row, line in enumerate(screen.rstrip("\n").split("\n")):
        body += line_as_svg(pen, line, MARGIN + row * CELL_HEIGHT, theme)
    w, h = columns * CELL_WIDTH + 2 * MARGIN, rows * CELL_HEIGHT + 2 * MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h}" viewBox="0 0 {w:.0f} {h}">',
        f'<rect width="100%" height="100%" rx="6" fill="#{theme[1]}"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">',
        *body, "</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description="Make the pictures of yinit top.")
    parser.add_argument("--light", action="store_true", help="on a light background")
    parser.add_argument("--size", default="100x28", help="of the terminal")
    parser.add_argument("--to", default=HERE, help="the directory for the pictures")
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="by default all: " + " ".join(PICTURES))
    options = parser.parse_args()
    columns, rows = map(int, options.size.split("x"))
    for name in options.pictures or PICTURES:
        keys, text = PICTURES[name]
        if name == NODE and (os.getuid() != 0 or not shutil.which("dockerd")):
            print(f"{name}: not made; it needs root and Docker", file=sys.stderr)
            continue
        terminal = Terminal(columns, rows, name == NODE)
        try:
            terminal.wait("FOUND" if name == NODE else PICTURES["tree"][1])
            for key in keys:
                terminal.press(key)
            terminal.wait(text)
            svg = as_svg(terminal.screen(), columns, rows, LIGHT if options.light else DARK)
        finally:
            terminal.close()
        with open(os.path.join(options.to, name + ".svg"), "w", encoding="utf-8") as f:
            f.write(svg)


main()
