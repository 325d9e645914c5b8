#!/bin/sh
# Installs Nutshell into the folder .venv beside this file: sh setup.sh [--tests] [--yes]
#   --tests   also what the tests need
#   --yes     installs missing system packages without asking
# It asks before it installs system packages, changes nothing else, and can be run again.
set -u
oldest_glibc=34 # PySide6's packages need glibc 2.34.
room_mib=5000   # .venv takes some 3.5 GiB, and pip unpacks beside it.

fail() {
    echo "$1" >&2
    exit 3
}

target=. yes=no
for option in "$@"; do
    case $option in
        --tests) target='.[test]' ;;
        --yes) yes=yes ;;
        -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0" && exit 0 ;;
        *) echo "setup.sh knows --tests and --yes, not $option." >&2 && exit 2 ;;
    esac
done
cd "$(dirname "$0")" || exit 3

# Python: 3.11 to 3.13 have TensorFlow's packages.
python=
for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Nutshell needs Python 3.11, 3.12 or 3.13, and none of them is here; install one, such as python3.11, and run this again."

# What no package can mend.
(touch .setup-probe && rm .setup-probe) 2>/dev/null ||
    fail "The folder $(pwd) cannot be written; copy the program to one of your own, or give yourself the right to write there."
if [ "$(uname -s)" = Linux ]; then
    glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\.\([0-9]*\).*/\1/p')
    [ -n "$glibc" ] || fail "This system's C library is not glibc, and TensorFlow has no packages for another one; use a distribution such as Debian, Ubuntu, Fedora or Arch."
    [ "$glibc" -ge $oldest_glibc ] || fail "This system has glibc 2.$glibc, and the packages need 2.$oldest_glibc or newer; use Debian 12, Ubuntu 22.04, Fedora 35 or a newer release."
    case $(uname -m) in
        x86_64) grep -qw avx /proc/cpuinfo || echo "Note: this processor has no AVX instructions, so TensorFlow cannot train here." >&2 ;;
    esac
fi
free_mib=$(df -Pk . | awk 'NR == 2 {print int($4 / 1024)}')
if [ ! -d .venv ] && [ "$free_mib" -lt $room_mib ]; then
    fail "Only $free_mib MiB are free in $(pwd), and the packages take some $room_mib MiB; free some space and run this again."
fi

# System packages: what Qt's window needs, and Python's own venv on Debian.
wanted=$("$python" main.py doctor --missing-packages)
has_venv() {
    [ -d .venv ] || "$python" -c 'import ensurepip, venv' 2>/dev/null
}
if ! has_venv && command -v apt-get >/dev/null; then
    wanted="${wanted:-apt-get install -y} python3-venv"
fi
if [ -n "$wanted" ]; then
    case $wanted in
        apt-get*) wanted="apt-get update && $wanted" ;;
    esac
    root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && root=sudo || yes=never
    fi
    shown="${root:+$root }sh -c '$wanted'"
    echo "This system lacks packages. To install them: $shown"
    if [ $yes = no ] && [ -t 0 ]; then
        printf 'Run this now? [y/N] '
        read -r answer
        case $answer in
            y | Y | yes) yes=yes ;;
        esac
    fi
    if [ $yes = yes ]; then
        $root sh -c "$wanted" || fail "The system packages were not installed; run the command above yourself, and this again."
    else
        echo "They were not installed. Run the command as root: without them the window cannot open."
    fi
fi

# The environment and the packages.
if [ -d .venv ] && ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    fail "The folder .venv is there but does not work; delete it and run this again."
fi
has_venv || fail "This Python cannot make an environment, because it lacks venv or ensurepip; install the package python3-venv and run this again."
if [ ! -d .venv ]; then
    "$python" -m venv .venv || fail "Python's venv cannot be made here; install the package python3-venv, delete .venv, and run this again."
fi
.venv/bin/pip install -q -c constraints.txt "$target" ||
    fail "The packages were not installed (pip says why above); check the network and the free space, and run this again."
.venv/bin/python main.py doctor || echo "The packages are installed; see above what is left to mend."
echo "To start: .venv/bin/python main.py, or the demo: .venv/bin/python main.py --demo"
