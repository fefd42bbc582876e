# shellcheck shell=bash
# Which files the formatter and the linter look at. Sourced by ./dev, which sets $root.

# cpp_files: every C++ file that git knows or would add, NUL between them.
cpp_files() {
  (cd "$root" && git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cc' |
    while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s/%s\0' "$root" "$file"; done)
}

# changed_units: the .cc files that differ from main (or from the last commit, on main itself), one a line.
changed_units() {
  local base
  base=$(git -C "$root" merge-base HEAD origin/main 2>/dev/null || git -C "$root" merge-base HEAD main 2>/dev/null || true)
  if [ -z "$base" ] || [ "$base" = "$(git -C "$root" rev-parse HEAD)" ]; then base=HEAD~1; fi
  {
    git -C "$root" diff --name-only --diff-filter=d "$base" -- '*.cc' 2>/dev/null || true
    git -C "$root" ls-files --others --exclude-standard -- '*.cc'
  } | sort -u | grep -v '^cmake/' || true
}
