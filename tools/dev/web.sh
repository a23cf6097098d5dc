# shellcheck shell=bash
# Node.js and the dashboard. Both do nothing while the project has no web/package.json.

# What the dashboard's build tools need.
NODE_FLOOR=20.19.0
NPM_FLOOR=9.5.0
NODE_PACKAGES=(node@22 npm@10) # npm carries both programs; those of Debian 12 are older

web_exists() { [ -f web/package.json ]; }

# Node trusts a list of its own. Whom this machine trusts besides, a lab's proxy for example, is in the system's.
SYSTEM_CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

# Puts a fitting node and npm into PATH: the machine's own, or a private one under .cache/node.
need_node() {
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r $SYSTEM_CERTIFICATES ]; then
        export NODE_EXTRA_CA_CERTS=$SYSTEM_CERTIFICATES
    fi
    local private=$ROOT/.cache/node/node_modules/.bin
    ! node_fits || return 0
    if [ ! -x "$private/node" ] || [ ! -x "$private/npm" ]; then
        need_packages npm
        say "Fetching ${NODE_PACKAGES[*]} from npm into .cache/node"
        quietly npm install --no-save --no-audit --no-fund --prefix .cache/node "${NODE_PACKAGES[@]}"
    fi
    PATH=$private:$PATH
    node_fits || die "node $NODE_FLOOR and npm $NPM_FLOOR or newer are needed; found $(node --version) and $(npm --version)"
}

node_fits() { at_least "$NODE_FLOOR" node && at_least "$NPM_FLOOR" npm; }

at_least() { # VERSION PROGRAM
    local have
    have=$("$2" --version 2>/dev/null) || return 1
    printf '%s\n' "$1" "${have#v}" | sort -V -C
}

# The dashboard, in web/dist; skipped when none of its sources has changed since.
build_web() {
    web_exists || return 0
    local stamp=.cache/web.stamp now
    now=$(web_fingerprint)
    if [ -f web/dist/index.html ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then return 0; fi
    need_node
    need_web_modules
    say "Building the dashboard in web/dist"
    (cd web && quietly npm run build)
    mkdir -p .cache
    web_fingerprint >"$stamp"
}

# web/node_modules as package-lock.json says.
need_web_modules() {
    local stamp=web/node_modules/.lock-stamp now
    now=$(sha256sum web/package.json web/package-lock.json | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
    say "Installing the dashboard's packages (npm ci)"
    (cd web && quietly npm ci --no-audit --no-fund)
    echo "$now" >"$stamp"
}

# eslint, prettier and the type checker.
lint_web() {
    need_node
    need_web_modules
    (cd web && npm run --silent lint)
}

web_fingerprint() {
    find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}
