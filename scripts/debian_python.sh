#!/bin/sh
# A Python that this machine does not have, in a small Debian of its own (root, with apt-get or debootstrap).
#   sh scripts/debian_python.sh make FOLDER SUITE VERSION   makes the Debian, or fails
#   sh scripts/debian_python.sh run FOLDER COMMAND          runs a shell command in it, with this folder at /src
set -eu
folder=$2

make_it() {
    suite=$1 version=$2
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    if ! command -v debootstrap >/dev/null 2>&1; then
        apt-get -qq update </dev/null >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends debootstrap gpgv </dev/null >/dev/null
    fi
    # A machine's debootstrap may be older than the suite; all of Debian's are made by the script of sid.
    debootstrap --variant=minbase --include="python$version,python$version-venv,ca-certificates" \
        "$suite" "$folder" http://deb.debian.org/debian /usr/share/debootstrap/scripts/sid >"$folder.log" 2>&1 || {
        tail -n 3 "$folder.log" >&2
        return 1
    }
    # Copy this machine's certificates, name resolution and pip configuration.
    for file in /etc/ssl/certs/ca-certificates.crt /etc/resolv.conf /etc/hosts /etc/pip.conf; do
        [ ! -e "$file" ] || cp -L "$file" "$folder$file"
    done
    mkdir "$folder/src"
}

# Run in a separate mount namespace, whose mounts end with the command.
run_it() {
    command=$1
    # shellcheck disable=SC2016 # the inner shell expands these
    unshare --mount --propagation private sh -eu -c '
        mount --bind /proc "$0/proc"
        mount --rbind /dev "$0/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"
        mount --bind "$PWD" "$0/src"
        exec chroot "$0" sh -eu -c "cd /src; $1"
    ' "$folder" "$command"
}

case $1 in
    make) make_it "$3" "$4" ;;
    run) run_it "$3" ;;
esac
