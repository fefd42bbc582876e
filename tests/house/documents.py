#!/usr/bin/env python3
"""Documents say what is: relative links and anchors exist, `./dev` commands exist, every part has its README page.

Also run alone, as ./dev docs.
"""
import posixpath
import re
import sys

from tree import ROOT, files, read

LINK = re.compile(r"(?<!!)\[[^\]\[]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
DEV_COMMAND = re.compile(r"(?:^|[\s`$])\./dev ([a-z_]+)")
PATH_IN_CODE = re.compile(r"`((?:sofa|tests|bench|docs|examples|cmake|tools)/[\w./-]+\.(?:h|cc|md|py|txt|yaml|cmake))`")


def dev_commands():
    match = re.search(r"^\s*((?:\w+ \| )+\w+)\) \"cmd_\$command\"", read("dev"), re.MULTILINE)
    return set(match.group(1).split(" | ")) | {"help"}


def anchors(text):
    """The anchors that GitHub makes of the headings."""
    made = set()
    for heading in re.findall(r"^#+ +(.*)$", text, re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        made.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return made


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def violations_in(path, text, exists, commands, read_page=read):
    """`exists` tells whether a path of the project exists."""
    found = []
    for match in LINK.finditer(without_code(text)):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        page = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        if not exists(page):
            found.append(f"{path}: link to {target}, which does not exist")
        elif anchor and page.endswith(".md") and anchor not in anchors(text if page == path else read_page(page)):
            found.append(f"{path}: link to {target}, but the page has no such heading")
    for command in DEV_COMMAND.findall(text):
        if command not in commands:
            found.append(f"{path}: ./dev {command} is no command")
    for name in PATH_IN_CODE.findall(text):
        if not exists(name):
            found.append(f"{path}: names `{name}`, which does not exist")
    return found


def parts_without_page():
    parts = {posixpath.dirname(path) for path in files() if re.match(r"sofa/.*CMakeLists\.txt$", path)}
    return [f"{part}: has no README.md" for part in sorted(parts) if not (ROOT / part / "README.md").is_file()]


def check():
    found, commands = parts_without_page(), dev_commands()
    for path in files():
        if path.endswith(".md"):
            found += violations_in(path, read(path), lambda page: (ROOT / page).exists(), commands)
    return found


def self_test():
    def planted(text):
        return violations_in("docs/a.md", text, lambda page: page in ("docs/a.md", "docs/b.md", "sofa/base/error.h"),
                             {"run", "help"}, read_page=lambda page: "# Only heading\n")

    wrong = ["[x](c.md)", "[x](../b.md)", "[x](b.md#nothing)", "![x](x.png)", "```\n./dev rnu\n```", "`sofa/base/gone.h`", "[x](#no)"]
    right = ["[x](b.md)", "[x](b.md#only-heading)", "[x](https://example.org)", "./dev run", "`sofa/base/error.h`", "`[x](c.md)`",
             "# A `b` c\n[x](#a-b-c)"]
    return [f"not found: {text}" for text in wrong if not planted(text)] + \
           [f"wrongly found: {text}: {planted(text)}" for text in right if planted(text)]


if __name__ == "__main__":
    violations = check()
    print("\n".join(violations) or "documents: clean")
    sys.exit(1 if violations else 0)
