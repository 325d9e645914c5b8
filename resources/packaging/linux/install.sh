#!/bin/sh
# Installs Nutshell for one user, without root and without a network: sh install.sh [--to DIR | --remove]
#   --to DIR    where to (default: ~/.local/opt/nutshell)
#   --remove    removes it from there again; runs and models stay
set -u
to=$HOME/.local/opt/nutshell remove=no
cd "$(dirname "$0")" || exit 3
. ./menu_entry.sh
while [ $# -gt 0 ]; do
    case $1 in
        --to) [ $# -gt 1 ] || fail "--to needs a folder after it."; to=$2 && shift ;;
        --remove) remove=yes ;;
        -h | --help) sed -n '2,4s/^# \{0,1\}//p' install.sh && exit 0 ;;
        *) echo "install.sh knows --to DIR and --remove, not $1." >&2 && exit 2 ;;
    esac
    shift
done
case $to in
    /*) ;;
    *) to=$OLDPWD/$to ;;
esac
case $to in
    *[\"\\\`\$\|\&]*) fail "The folder $to has a character that a menu entry cannot name; choose another with --to." ;;
esac

# Only a folder that this script has filled is ever replaced or removed.
is_ours() {
    [ -f "$1/bundle-contents.json" ]
}
if [ $remove = yes ]; then
    is_ours "$to" || fail "There is no Nutshell in $to; name its folder with --to."
    rm -r "$to" || fail "$to could not be removed; give yourself the right to write there."
    remove_menu_entry
    echo "Nutshell is removed from $to. Its runs and models are where they were."
    exit 0
fi

needed=$(sed -n 's/.*"needs_glibc": "2\.\([0-9]*\)".*/\1/p' nutshell/bundle-contents.json)
here=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed -n 's/^glibc 2\.\([0-9]*\).*/\1/p')
[ -n "$here" ] || fail "This system's C library is not glibc, for which the program is built; use a distribution such as Debian, Ubuntu, Fedora or Arch."
[ "$here" -ge "$needed" ] || fail "This system has glibc 2.$here, and the program needs 2.$needed or newer; use a newer release of the system."
if [ -e "$to" ] && ! is_ours "$to"; then
    fail "$to is there and is no Nutshell; move it away, or choose another folder with --to."
fi

# Beside the old one first, so that a copy that is broken off leaves what was there.
mkdir -p "$(dirname "$to")" && rm -rf "$to.new" && cp -R nutshell "$to.new" ||
    { rm -rf "$to.new"; fail "The program could not be copied to $to; see that it may be written and has $(du -sm nutshell | cut -f1) MB free, and run this again."; }
rm -rf "$to" && mv "$to.new" "$to" || fail "$to could not be replaced; close Nutshell and run this again."
make_menu_entry "$to/nutshell" nutshell/_internal/resources/icons
echo "Nutshell is installed in $to."
"$to/nutshell" doctor >/dev/null || echo "Something is missing on this computer: $to/nutshell doctor says what."
echo "To start: $to/nutshell, or Nutshell in the desktop's menu."
