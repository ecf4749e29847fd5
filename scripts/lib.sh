# shellcheck shell=sh
# What the scripts share. Sourced from the root of the repository.

# Tells the user something, beside the standard output.
say() {
    printf '%s\n' "$*" >&2
}

# Ends with status 2 and the reason.
die() {
    say "error: $*"
    exit 2
}

# The name of the crate in the folder $1.
crate_name() {
    sed -n 's/^name = "\(.*\)"$/\1/p' "$1/Cargo.toml" | head -n 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "neither root nor sudo: run as root: $*"
    fi
}

# Whether the rustup toolchain $1 (none: the compiler in use) can build for the runtime's target.
has_wasm_target() (
    have rustc && sysroot=$(rustc ${1:+"+$1"} --print sysroot 2>/dev/null) || return 1
    set -- "$sysroot"/lib/rustlib/wasm32v1-none/lib/libcore-*.rlib
    [ -n "$sysroot" ] && [ -e "$1" ]
)
