"""Dependencies point only down: every `#include "sofa/..."` is an edge of layers.txt."""
import re

from tree import files, read

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]((?:sofa|examples|tests|bench)/[^">]+)[">]')
TEST_FILE = re.compile(r"_(test|bench|fuzz)\.(cc|h)$")
CODE = re.compile(r"^(sofa|examples|tests|bench)/.*\.(h|cc|inc)$")


class Layers:
    def __init__(self, text):
        self.allowed, self.for_tests = {}, {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            part, _, names = line.partition(":")
            table = self.for_tests if part.startswith("tests ") else self.allowed
            table.setdefault(part.removeprefix("tests ").strip(), set()).update(names.split())

    def part_of(self, path):
        """The longest part whose folder holds the path ("sofa/io/sim/disk.h" is io/sim), or None; sdk.h is its own part."""
        inside = path.removeprefix("sofa/")
        matching = [part for part in self.allowed if inside == part or inside.startswith(part + "/")]
        return max(matching, key=len, default=None)

    def allows(self, file, header):
        source, target = self.part_of(file), self.part_of(header)
        if source is None or target is None or source == target:
            return source is not None and target is not None
        names = set(self.allowed[source])
        if TEST_FILE.search(file):
            names |= self.for_tests.get(source, set())
        return target in names or header.removeprefix("sofa/") in names


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1)


def violations_in(layers, file, text):
    return [f'{file}:{number}: may not include "{header}" (tests/house/layers.txt)'
            for number, header in includes(text) if not layers.allows(file, header)]


def check():
    layers = Layers(read("tests/house/layers.txt"))
    found = cycles(layers)
    for path in files():
        if CODE.match(path):
            found += violations_in(layers, path, read(path))
    return found


def cycles(layers):
    """The list itself must have no cycle, or it says nothing. An api.h is a leaf and is left out."""
    done, found = set(), []

    def visit(part, path):
        if part in path:
            found.append("layers.txt has a cycle: " + " -> ".join([*path, part]))
        elif part not in done:
            for target in sorted(layers.allowed.get(part, ())):
                visit(target, [*path, part])
            done.add(part)

    for part in layers.allowed:
        visit(part, [])
    return found


def self_test():
    layers = Layers(read("tests/house/layers.txt"))
    planted = {
        "sofa/base/a.h": '#include "sofa/io/env.h"',
        "sofa/wire/hessian/a.cc": '#include "sofa/wire/bolt/frame.h"',
        "sofa/wire/bolt/a_test.cc": '#include "sofa/wire/hessian/value.h"',
        "sofa/rpc/a.cc": '#include "sofa/io/sim/world.h"',
        "sofa/io/a.cc": '  #  include <sofa/io/posix/loop.h>',
        "sofa/registry/a.cc": '#include "sofa/unit/rules.h"',
        "sofa/unheard_of/a.cc": '#include "sofa/base/error.h"',
        "examples/bank/a.cc": '#include "sofa/io/sim/world.h"',
        "sofa/rpc/b.cc": '#include "sofa/sdk.h"',
    }
    legal = {
        "sofa/io/sim/a.cc": '#include "sofa/io/env.h"',
        "sofa/rpc/a_test.cc": '#include "sofa/io/sim/world.h"',
        "sofa/registry/a.cc": '#include "sofa/unit/api.h"',
        "sofa/base/a.cc": '#include "sofa/base/error.h"',
    }
    missed = [f"not found: {text} in {file}" for file, text in planted.items() if not violations_in(layers, file, text)]
    missed += [f"wrongly found: {text} in {file}" for file, text in legal.items() if violations_in(layers, file, text)]
    if not cycles(Layers("a: b\nb: c\nc: a")):
        missed.append("a cycle was not found")
    return missed
