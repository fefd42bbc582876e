"""What is in the repository means something on every machine: no paths of somebody's machine, no private hosts, no
credentials, no conflict markers, no left-over notes."""
import re

from tree import ROOT, files

MAX_BYTES = 2_000_000
RULES = {
    "a path of one machine": re.compile(r"(?<![\w./-])/(?:work|root|home/\w+|Users/\w+|tmp/wt|tmp/land)(?=/|\s|$)"),
    "a private package registry": re.compile(
        r"https?://(?!(?:registry\.npmjs\.org|repo1?\.maven\.apache\.org|repo\.maven\.apache\.org)\b)"
        r"[\w.:@-]*(?:artifactory|nexus|\bregistry\.|\bmirror\b|\.internal\b|\.corp\b)[\w.:-]*", re.IGNORECASE),
    "a private address": re.compile(r"https?://(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+"),
    "a credential": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:ghp|gho)_\w{30,}|\bAKIA[0-9A-Z]{16}\b"),
    "a conflict marker": re.compile(r"^(?:<{7} |>{7} )", re.MULTILINE),
    "a left-over note": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME)\b"),
}
# Bytes and texts that were captured from elsewhere, and this file, which spells the rules.
EXEMPT = re.compile(r"^(tests/golden/|tests/house/tracked_text\.py$|LICENSE$)")


def violations_in(path, text):
    found = []
    for name, rule in RULES.items():
        for match in rule.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: {name}: {match.group(0).strip()}")
    return found


def check():
    found = []
    for path in files():
        data = (ROOT / path).read_bytes()
        if len(data) > MAX_BYTES:
            found.append(f"{path}: {len(data)} bytes; the limit for a tracked file is {MAX_BYTES}")
        if not EXEMPT.match(path) and b"\0" not in data[:4096]:
            found += violations_in(path, data.decode(errors="replace"))
    return found


def self_test():
    wrong = ["see /wo" + "rk/x", "cd /root/.m2", "/home/ann/src", "https://artifactory.bank.example/x", "http://10.1.2.3:8081/npm",
             "-----BEGIN RSA PRIVATE KEY-----", "<<<<<<< HEAD", "// TO" + "DO: later", "https://registry.bank.example/npm"]
    right = ["build/work/x", "bolt://127.0.0.1:12200", "/tmp/bank.log", "workshop /works",
             "https://example.org/root/x"]
    return [f"not found: {text}" for text in wrong if not violations_in("a", text)] + \
           [f"wrongly found: {text}" for text in right if violations_in("a", text)]
