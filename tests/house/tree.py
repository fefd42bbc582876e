"""The files of the project: what git knows or would add."""
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@functools.lru_cache(maxsize=None)
def files():
    """Paths relative to ROOT, as text."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            capture_output=True, check=True).stdout.decode()
    return [path for path in listed.split("\0") if path and (ROOT / path).is_file()]


def read(path):
    return (ROOT / path).read_text(errors="replace")
