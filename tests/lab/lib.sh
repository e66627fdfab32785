# SPDX-License-Identifier: GPL-2.0-only
# Shared by the lab's scripts: where cached things are, how they are named and locked.
# shellcheck shell=bash

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$LAB/../.." && pwd)
CACHE=${TESSERA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tessera}
OUT=${TESSERA_OUT:-$REPO/out}
JOBS=${JOBS:-$(nproc)}

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "error: $*"
	exit 1
}

# key FILE|TEXT...: a short hash of the contents of files and of literal words
key()
{
	local a

	for a; do
		if [ -f "$a" ]; then
			cat "$a"
		else
			printf '%s\n' "$a"
		fi
	done | sha256sum | cut -c1-12
}

# files_key DIR: the same of every file below a directory, wherever that is
files_key()
{
	(cd "$1" 2>/dev/null || exit 0
	 find . -type f ! -name '*~' ! -name '.*.swp' -print0 |
		LC_ALL=C sort -z | xargs -0r sha256sum) | sha256sum | cut -c1-12
}

tree_dir()
{
	printf '%s/tree-%s\n' "$CACHE" "$(key "$LAB/packages" "$LAB/make-tree.sh")"
}

# with_lock NAME COMMAND...: one run at a time, over all clones that share the cache
with_lock()
{
	local name=$1

	shift
	mkdir -p "$CACHE"
	(
		if ! flock -n 9; then
			say "waiting for another run ($name)"
			flock 9
		fi
		"$@"
	) 9>"$CACHE/$name.lock"
}

# cached DIR COMMAND...: run COMMAND with a fresh DIR.partial as its last argument, and
# rename it to DIR when that has succeeded; so DIR exists only if it is complete
cached()
{
	local dir=$1

	shift
	if [ -d "$dir" ]; then
		touch "$dir"
		return 0
	fi
	rm -rf --one-file-system "$dir.partial"
	mkdir -p "$dir.partial"
	"$@" "$dir.partial" || return 1
	mv "$dir.partial" "$dir"
}

# The newest installed kernel of a series in the tree: kernel_release 6.12
kernel_release()
{
	local tree=${TREE:-$(tree_dir)} d found=

	for d in "$tree"/usr/lib/modules/"$1".*; do
		[ -d "$d/kernel" ] && found=${d##*/}
	done
	[ -n "$found" ] || return 1
	printf '%s\n' "$found"
}

# TESSERA_QEMU, a directory below the cache, overrules it: to compare two builds
qemu_dir()
{
	local tree

	[ -n "${TESSERA_QEMU:-}" ] && echo "$TESSERA_QEMU" && return
	tree=$(tree_dir)
	printf '%s/qemu-%s\n' "$CACHE" "$(key "$LAB/make-qemu.sh" "$LAB/qemu-stock.sh" "${tree##*-}" \
		"$REPO/uapi/t1_hw.h" "$REPO/qemu-patches/series" "$REPO"/qemu-patches/*.patch \
		"$(files_key "$REPO/qemu-patches/files")")"
}

image_dir()
{
	local tree extra=

	if own_kernel "$1"; then
		extra=$(own_kernel_dir "$1")
	fi
	extra=${extra##*/}
	tree=$(tree_dir)
	printf '%s/image-%s-%s\n' "$CACHE" "$1" "$(key "$LAB/image.sh" "${tree##*-}" "$extra")"
}

# The script that builds a kernel of the lab's own
own_kernel_script()
{
	case $1 in
	debug | race) echo "$LAB/debug-kernel.sh" ;;
	kunit) echo "$LAB/kunit-kernel.sh" ;;
	esac
}

own_kernel()
{
	[ -n "$(own_kernel_script "$1")" ]
}

own_kernel_dir()
{
	local tree

	tree=$(tree_dir)
	printf '%s/%s-kernel-%s\n' "$CACHE" "$1" "$(key "$(own_kernel_script "$1")" "${tree##*-}")"
}

# checked NAME WANTED OUTPUT: KTAP for a test of a checker, whose output has to contain WANTED;
# counts in N, and sets RC to 1 where it does not
checked()
{
	N=$((N + 1))
	if [[ $3 == *"$2"* ]]; then
		echo "ok $N - $1"
	else
		printf '%s\n' "$3" | sed 's/^/# /'
		echo "not ok $N - $1"
		# shellcheck disable=SC2034 # the caller's
		RC=1
	fi
}
