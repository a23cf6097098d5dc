# shellcheck shell=bash
# ./dev package: out/hakuriver_VERSION_ARCH.deb and out/hakuriver-VERSION-linux-ARCH.tar.gz.
# shellcheck source=tools/dev/build.sh
source tools/dev/build.sh

cmd_package() {
    need_packages package
    cmd_build release
    [ -x out/bin/hakuriver ] || die "there is nothing to package: apps/ builds no executable"
    local version architecture
    version=$(project_version)
    architecture=$(dpkg --print-architecture)
    package_deb "$version" "$architecture"
    package_tarball "$version" "$architecture"
    try_package "out/hakuriver_${version}_$architecture.deb"
}

project_version() { sed -n 's/^project(hakuriver VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt; }

# The executable, its links and the papers, below DIR/usr.
install_files() { # DIR
    local share=$1/usr/share/doc/hakuriver file
    install -D -m 755 out/bin/hakuriver "$1/usr/bin/hakuriver"
    for file in "${PROGRAM_LINKS[@]}"; do ln -s hakuriver "$1/usr/bin/$file"; done
    install -D -m 644 LICENSE "$share/copyright"
    for file in README.md docs/*.md; do
        [ ! -f "$file" ] || install -D -m 644 "$file" "$share/$(basename "$file")"
    done
}

package_deb() { # VERSION ARCHITECTURE
    local work=build/package/deb depends
    rm -rf "$work"
    install_files "$work/root"
    # dpkg-shlibdeps wants to stand in a source package.
    mkdir -p "$work/debian" "$work/root/DEBIAN"
    printf 'Source: hakuriver\n\nPackage: hakuriver\nArchitecture: any\n' >"$work/debian/control"
    depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/hakuriver 2>/dev/null |
        sed -n 's/^shlibs:Depends=//p')
    [ -n "$depends" ] || die "dpkg-shlibdeps found no library that the executable needs"
    cat >"$work/root/DEBIAN/control" <<CONTROL
Package: hakuriver
Version: $1
Architecture: $2
Maintainer: HakuRiver <hakuriver@localhost>
Installed-Size: $(du -k -s "$work/root/usr" | cut -f1)
Depends: $depends
Recommends: python3
Suggests: docker.io, numactl
Section: admin
Priority: optional
Description: small cluster manager for a lab
 Runs commands on the machines of a lab, in containers or without, with CPU,
 memory, NUMA and GPU limits, and brings back status, output and exit codes.
 One executable is the Host, the runner of a node and the command line.
CONTROL
    quietly dpkg-deb --root-owner-group --build "$work/root" "out/hakuriver_$1_$2.deb"
    say "out/hakuriver_$1_$2.deb ($(du -h "out/hakuriver_$1_$2.deb" | cut -f1)), needs $depends"
}

package_tarball() { # VERSION ARCHITECTURE
    local name=hakuriver-$1-linux-$2 work=build/package/tar
    rm -rf "$work"
    mkdir -p "$work/$name"
    install_files "$work"
    mv "$work/usr/bin" "$work/$name/bin"
    mv "$work/usr/share/doc/hakuriver" "$work/$name/doc"
    tar -C "$work" --owner=0 --group=0 --sort=name -czf "out/$name.tar.gz" "$name"
    say "out/$name.tar.gz ($(du -h "out/$name.tar.gz" | cut -f1))"
}

# Unpacks the package beside this system's libraries: every name must answer.
try_package() { # FILE
    local root=build/package/try program
    rm -rf "$root"
    quietly dpkg-deb -x "$1" "$root"
    for program in hakuriver "${PROGRAM_LINKS[@]}"; do
        "$root/usr/bin/$program" --help >/dev/null || die "$program of $1 does not answer --help"
    done
    say "Every program of the package answers"
}
