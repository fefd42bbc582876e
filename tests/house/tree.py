"""The files of the project: what git knows or would add; in a tree without git, all that is not made by a build."""
import functools
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@functools.lru_cache(maxsize=None)
def files():
    """Paths relative to ROOT, as text."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], capture_output=True, check=False)
    paths = listed.stdout.decode().split("\0") if listed.returncode == 0 else walk()
    return [path for path in paths if path and (ROOT / path).is_file()]


def walk():
    for folder, names, found in os.walk(ROOT):
        names[:] = [name for name in names if name not in (".git", ".cache", "build", "node_modules", "target", "__pycache__")]
        for name in found:
            yield Path(folder, name).relative_to(ROOT).as_posix()


def read(path):
    return (ROOT / path).read_text(errors="replace")
