# Sourced by ./run and ./test: finds or installs what building needs, and builds the page when its sources changed.
# POSIX sh. Says in one line what is missing when it cannot be had.

say() { printf '%s\n' "$*" >&2; }
give_up() { say "Error: $*"; exit 1; }

# One target folder for all clones of a person, so that a second clone compiles only Althing itself.
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/althing/target}"
export CARGO_TARGET_DIR
PATH="$HOME/.cargo/bin:$PATH"

# install_packages WHY PACKAGE...: by the system's packages, as root or with sudo; fails when that is not possible.
install_packages() {
    why=$1; shift
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || return 1
        as_root=sudo
    fi
    say "Installing $* ($why) ..."
    $as_root apt-get update -qq >&2 || return 1
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$@" >/dev/null || return 1
}

need_rust() {
    command -v cc >/dev/null 2>&1 || install_packages 'a C compiler, for two libraries' gcc libc6-dev ||
        give_up 'no C compiler: install gcc'
    if ! command -v cargo >/dev/null 2>&1; then
        install_packages 'the Rust toolchain manager' rustup || true
        command -v rustup >/dev/null 2>&1 ||
            give_up 'no Rust: install rustup (package "rustup", or as its own page says), then run this again'
    fi
    # The version is pinned in rust-toolchain.toml; rustup fetches it at first use.
    rustc --version >/dev/null 2>&1 || rustup toolchain install >&2 ||
        give_up 'the Rust toolchain named in rust-toolchain.toml could not be installed'
}

node_is_new_enough() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
        [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 20 ]
}

need_node() {
    node_is_new_enough || install_packages 'builds the page' nodejs npm || true
    node_is_new_enough
}

need_chromium() {
    command -v chromium >/dev/null 2>&1 || install_packages 'tests the page' chromium || true
    command -v chromium >/dev/null 2>&1
}

# Programs that people read mail with.
need_mail_programs() {
    mail_programs_are_here || install_packages 'mail programs, to test with' swaks isync mutt curl || true
    mail_programs_are_here
}

mail_programs_are_here() {
    command -v swaks >/dev/null 2>&1 && command -v mbsync >/dev/null 2>&1 && command -v mutt >/dev/null 2>&1 &&
        command -v curl >/dev/null 2>&1
}

# What builds a WAN on one machine. Whether the machine also allows it, the program finds out and says.
namespace_tools_are_here() {
    # As a user without them in the PATH they are still where an administrator has them.
    PATH="$PATH:/usr/sbin:/sbin"
    command -v ip >/dev/null 2>&1 && command -v tc >/dev/null 2>&1 && command -v nft >/dev/null 2>&1
}

need_namespaces() {
    namespace_tools_are_here || install_packages 'a WAN on one machine' iproute2 nftables || true
    namespace_tools_are_here
}

# A real keyring to test with; nothing of it is needed to build or to run.
need_keyring() {
    keyring_is_here() { command -v gnome-keyring-daemon >/dev/null 2>&1 && command -v dbus-run-session >/dev/null 2>&1; }
    keyring_is_here || install_packages 'a keyring to test with' gnome-keyring dbus || true
    keyring_is_here
}

# The page's inputs as one number, so that npm runs only when they changed.
page_inputs() {
    find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -exec cksum {} + | sort | cksum
}

build_page() {
    if [ -f web/dist/.inputs ] && [ "$(cat web/dist/.inputs)" = "$(page_inputs)" ]; then return 0; fi
    say 'Building the page (about a minute the first time) ...'
    (cd web && { [ -d node_modules ] && [ node_modules -nt package-lock.json ] || npm ci --no-audit --no-fund --silent; } &&
        npm run --silent build) >&2 || return 1
    page_inputs > web/dist/.inputs
}

# Always all programs, and where ./test has built all targets, those: another choice means other features of what they use,
# and hundreds of libraries would be built once more.
: "${ALTHING_BUILD:=--workspace --bins}"

build_althing() {
    if [ ! -d "$CARGO_TARGET_DIR/debug/deps" ]; then
        say 'Building for the first time: some 500 libraries, 5 to 15 minutes, only once ...'
    fi
    # shellcheck disable=SC2086 # These are options.
    cargo build --quiet $ALTHING_BUILD || give_up 'the build failed; the lines above say why'
}
