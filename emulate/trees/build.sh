#!/usr/bin/env bash
# build.sh OUT: device trees for the emulated boards in OUT/trees: each *.tree here added to its base, which its first line names: another one
# of these, or one that came with the kernel in OUT/arm64. `&{%NODE%}` stands for the node of that name: its path changes from kernel to kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out/trees"

build() {
  local tree=$1 made original node path
  made="$out/trees/$(basename "$tree" .tree).dtb"
  original=$(sed -n '1s/.*base: *\([^ ]*\.dtb\).*/\1/p' "$tree")
  if [ -f "$here/${original%.dtb}.tree" ]; then
    build "$here/${original%.dtb}.tree"
    original="$out/trees/$original"
  else
    original=$(find "$out/arm64" -name "$original" | head -1)
  fi
  if [ "$made" -nt "$tree" ] && [ "$made" -nt "$out/arm64/done" ] && [ ! "$original" -nt "$made" ]; then return; fi
  [ -n "$original" ] || { echo "build.sh: the kernel has no device tree for $tree" >&2; exit 1; }
  dtc --quiet --in-format dtb --out-format dts "$original" > "$made.dts"
  cp "$tree" "$made.added"
  for node in $(grep -o '%[^%]*%' "$tree" | tr -d % | sort -u); do
    path=$(awk -v wanted="$node" '
      /\{$/ { name = $(NF - 1); sub(/^.*:/, "", name); if (name != "/") path[++depth] = name; else depth = 0
              if (name == wanted) { for (i = 1; i <= depth; i++) printf "/%s", path[i]; exit } }
      /^[ \t]*\};/ { depth-- }' "$made.dts")
    [ -n "$path" ] || { echo "build.sh: $(basename "$original") has no node $node" >&2; exit 1; }
    sed -i "s|%$node%|$path|g" "$made.added"
  done
  cat "$made.added" >> "$made.dts"
  dtc --quiet --in-format dts --out-format dtb --out "$made" "$made.dts"
  rm -f "$made.added"
}

for tree in "$here"/*.tree; do build "$tree"; done
