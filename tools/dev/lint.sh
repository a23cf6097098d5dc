# shellcheck shell=bash
# ./dev lint: what can be judged without running anything. All checks run; any that complains fails the command.
# shellcheck source=tools/dev/build.sh
source tools/dev/build.sh

cmd_lint() { # [--changed] [--fix]
    local scope=all fix=
    while [ $# -gt 0 ]; do
        case $1 in
            --changed) scope=changed ;;
            --fix) fix=1 ;;
            *) die "lint knows --changed (only files that differ from the last commit) and --fix, not $1" ;;
        esac
        shift
    done
    need_packages build test lint
    local failed=() scripts
    mapfile -t scripts < <(other_scripts)
    for check in layers awaits lengths; do
        lint_check "$check" "$PYTHON" -B "tools/check_$check.py"
    done
    lint_check shell shellcheck -x dev .ci/run tools/dev/*.sh "${scripts[@]}"
    lint_check python "$PYTHON" -m pyflakes tools tests bench
    if web_exists; then lint_check web lint_web; fi
    lint_check format lint_format "$scope" "$fix"
    lint_check tidy lint_tidy "$scope"
    [ ${#failed[@]} -eq 0 ] || die "lint found something in: ${failed[*]}"
}

lint_check() { # NAME COMMAND...
    local name=$1 begin=$SECONDS
    shift
    say "Lint: $name"
    "$@" || failed+=("$name")
    note "$name: $((SECONDS - begin)) s"
}

# Shell scripts outside tools/dev, found by their first line.
other_scripts() {
    git ls-files demo tests packaging bench | while read -r file; do
        if head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b'; then printf '%s\n' "$file"; fi
    done
}

cpp_sources() { # all|changed
    if [ "$1" = changed ]; then
        { git diff --name-only HEAD && git ls-files --others --exclude-standard; } | sort -u
    else
        git ls-files
    fi | grep -E '^(apps|bench|src|tests)/.*\.(cpp|hpp)$' | while read -r file; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

lint_format() { # all|changed FIX
    local files
    mapfile -t files < <(cpp_sources "$1")
    [ ${#files[@]} -gt 0 ] || return 0
    if [ -n "$2" ]; then
        clang-format-19 -i "${files[@]}"
    else
        clang-format-19 --dry-run -Werror "${files[@]}" 2>&1 | grep -E 'error:' | sed 's/:[0-9]*: error: .*//' |
            sort | uniq -c | sort -rn | awk '{ print "not formatted: " $2 " (" $1 " places; ./dev lint --fix)"; bad = 1 }
                                            END { exit bad }'
    fi
}

lint_tidy() { # all|changed
    local files
    mapfile -t files < <(cpp_sources "$1" | grep '\.cpp$')
    [ ${#files[@]} -gt 0 ] || return 0
    # Without the precompiled header, and with what the build generates.
    [ -f build/lint/build.ninja ] || quietly cmake --preset dev -B build/lint -DHK_PCH=OFF
    if ninja -C build/lint -t targets all 2>/dev/null | grep -q '^hk_generated:'; then
        quietly ninja -C build/lint hk_generated
    fi
    printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(jobs_here)" \
        clang-tidy-19 --quiet -p build/lint --warnings-as-errors='*'
}
