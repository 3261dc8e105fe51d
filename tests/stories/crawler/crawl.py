#!/usr/bin/env python3
"""A plain crawling index of shared folders, as offices have them, to stand beside Althing in the demo.

It visits folders from time to time and answers from what it saw then. The engine is a real one: SQLite's full-text
index FTS5, with its BM25 ranks. It is fair to crawlers: it reads only what changed, and answers in milliseconds. What it cannot do is
know what was saved since its last visit.

    crawl.py run --index FILE [--every SECONDS] FOLDER ...   visits now and every 60 s, until it is stopped
    crawl.py ask --index FILE WORD ...                       answers from the index
    crawl.py visit --index FILE                              has the running one visit at once, and waits for it

Only Python's standard library.
"""

import argparse
import html.parser
import os
import sqlite3
import sys
import time

# Offices' crawlers come by every few minutes or hours; a minute is a quick one.
EVERY_S = 60.0
# How often the running one looks whether a visit is wanted at once.
POLL_S = 0.2
# A visit that was asked for has to be over by then.
VISIT_WAIT_S = 30.0
# Longer texts are cut: only words near the beginning are found, as with other indexes.
TEXT_BYTES_MAX = 4 * 1024 * 1024
ANSWERS_MAX = 10
TEXT_ENDINGS = {".md", ".txt", ".csv", ".html", ".htm"}

TABLES = """
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY, path TEXT UNIQUE, size INTEGER, changed_ns INTEGER, first_line TEXT);
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (name, body);
CREATE TABLE IF NOT EXISTS visits (number INTEGER PRIMARY KEY, begun REAL, every REAL);
CREATE TABLE IF NOT EXISTS wishes (number INTEGER PRIMARY KEY);
"""


class Shown(html.parser.HTMLParser):
    """Collects what a page shows, without scripts and styles."""

    def __init__(self):
        super().__init__()
        self.parts = []
        self.hidden = 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style") and self.hidden > 0

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def make_index(path):
    """Opens the index to visit folders with; readers and the one who writes do not wait for each other."""
    index = sqlite3.connect(path, timeout=10)
    index.execute("PRAGMA journal_mode = WAL")
    index.executescript(TABLES)
    return index


def open_index(path):
    """Opens the index of a running crawler. Only that one makes it: two at once would find it locked."""
    index = sqlite3.connect(path, timeout=10)
    try:
        if index.execute("SELECT max(number) FROM visits").fetchone()[0] is not None:
            return index
    except sqlite3.OperationalError:
        pass  # No tables yet, or they are being made.
    sys.exit("the index is empty: nobody has visited the folders yet")


def read_text(path):
    """Returns a file's text, or None if it holds none or went away meanwhile."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in TEXT_ENDINGS:
        return None
    try:
        with open(path, "rb") as file:
            text = file.read(TEXT_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return None
    if ending in (".html", ".htm"):
        page = Shown()
        page.feed(text)
        text = "\n".join(page.parts)
    return text


def first_line(text):
    """Returns the first line in which something stands: where people write which revision it is."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def found_files(folders):
    """Walks the folders and yields the path shown, the path on disk and what the disk says of each file."""
    for folder in folders:
        start = os.path.abspath(folder)
        for place, names, files in os.walk(start):
            names[:] = [name for name in names if not name.startswith(".")]
            for name in files:
                path = os.path.join(place, name)
                try:
                    state = os.stat(path)
                except OSError:
                    continue
                shown = os.path.join(os.path.basename(start), os.path.relpath(path, start))
                yield shown, path, state


def visit(index, folders, every):
    """Reads what changed since the last visit and forgets what is gone."""
    begun = time.time()
    known = {path: (number, size, changed) for number, path, size, changed in
             index.execute("SELECT number, path, size, changed_ns FROM files")}
    read = 0
    with index:
        for shown, path, state in found_files(folders):
            number, *before = known.pop(shown, (None, None, None))
            if before == [state.st_size, state.st_mtime_ns]:
                continue
            text = read_text(path) or ""
            if number is not None:
                forget(index, number)
            cursor = index.execute(
                "INSERT INTO files (path, size, changed_ns, first_line) VALUES (?, ?, ?, ?)",
                (shown, state.st_size, state.st_mtime_ns, first_line(text)))
            index.execute("INSERT INTO texts (rowid, name, body) VALUES (?, ?, ?)",
                          (cursor.lastrowid, shown, text))
            read += 1
        for number, _size, _changed in known.values():
            forget(index, number)
        index.execute("INSERT INTO visits (begun, every) VALUES (?, ?)", (begun, every))
    print(f"visited: {read} read, {len(known)} gone", flush=True)


def forget(index, number):
    """Takes a file out of the index."""
    index.execute("DELETE FROM files WHERE number = ?", (number,))
    index.execute("DELETE FROM texts WHERE rowid = ?", (number,))


def run(options):
    """Visits now, then every so many seconds and whenever somebody wishes it."""
    index = make_index(options.index)
    while True:
        served = index.execute("SELECT max(number) FROM wishes").fetchone()[0]
        visit(index, options.folders, options.every)
        if served is not None:
            with index:
                index.execute("DELETE FROM wishes WHERE number <= ?", (served,))
        due = time.monotonic() + options.every
        while time.monotonic() < due and not index.execute("SELECT 1 FROM wishes").fetchone():
            time.sleep(POLL_S)


def ask_for_visit(options):
    """Has the running crawler visit at once and returns when it has."""
    index = open_index(options.index)
    with index:
        wish = index.execute("INSERT INTO wishes DEFAULT VALUES").lastrowid
    end = time.monotonic() + VISIT_WAIT_S
    while index.execute("SELECT 1 FROM wishes WHERE number = ?", (wish,)).fetchone():
        if time.monotonic() > end:
            with index:
                index.execute("DELETE FROM wishes WHERE number = ?", (wish,))
            sys.exit(f"no crawler visited within {VISIT_WAIT_S:.0f} s: is one running?")
        time.sleep(POLL_S)
    print("it has been there")


def ask(options):
    """Answers from the index and says how old its knowledge is."""
    index = open_index(options.index)
    begun, every = index.execute("SELECT begun, every FROM visits ORDER BY number DESC LIMIT 1").fetchone()
    # Each word in quotes of its own, so that what people type is never taken for FTS5's language.
    words = " ".join('"' + word.replace('"', '""') + '"' for word in " ".join(options.words).split())
    answers = index.execute(
        "SELECT path, first_line FROM texts JOIN files ON files.number = texts.rowid"
        " WHERE texts MATCH ? ORDER BY bm25(texts), path LIMIT ?", (words, ANSWERS_MAX)).fetchall()
    for path, line in answers:
        print(path)
        print(f"  {line}")
    print(f"{len(answers)} found, as of {max(0, time.time() - begun):.0f} s ago; visits every {every:.0f} s")


def main():
    parser = argparse.ArgumentParser(description="a plain crawling index of shared folders")
    commands = parser.add_subparsers(required=True)
    for name, action in (("run", run), ("visit", ask_for_visit), ("ask", ask)):
        command = commands.add_parser(name, help=action.__doc__)
        command.add_argument("--index", required=True, help="the SQLite file of the index")
        command.set_defaults(action=action)
        if action is run:
            command.add_argument("--every", type=float, default=EVERY_S, help="seconds between visits")
            command.add_argument("folders", nargs="+")
        if action is ask:
            command.add_argument("words", nargs="+")
    options = parser.parse_args()
    options.action(options)


if __name__ == "__main__":
    main()
