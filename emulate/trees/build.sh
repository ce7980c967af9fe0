#!/usr/bin/env bash
# build.sh OUT: device trees for the emulated boards in OUT/trees: each *.tree here added to the one that came with the kernel in OUT/arm64.
# A tree's first line names the kernel's. `&{%NODE%}` stands for the node of that name: its path changes from kernel to kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out/trees"

for tree in "$here"/*.tree; do
  made="$out/trees/$(basename "$tree" .tree).dtb"
  if [ "$made" -nt "$tree" ] && [ "$made" -nt "$out/arm64/done" ]; then continue; fi
  original=$(sed -n '1s/.*base: *\([^ ]*\.dtb\).*/\1/p' "$tree")
  original=$(find "$out/arm64" -name "$original" | head -1)
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
done
