#!/bin/sh
# Installs Nutshell from this folder, without root and without a network: sh install.sh [--to DIR] [--no-demo]
#   --to DIR     where to (default: ~/.local/opt/nutshell-python)
#   --no-demo    does not run the demo at the end
# PYTHON names another Python than the one in PATH.
set -u
to=$HOME/.local/opt/nutshell-python demo=yes
cd "$(dirname "$0")" || exit 3
. ./menu_entry.sh
while [ $# -gt 0 ]; do
    case $1 in
        --to) [ $# -gt 1 ] || fail "--to needs a folder after it."; to=$2 && shift ;;
        --no-demo) demo=no ;;
        -h | --help) sed -n '2,5s/^# \{0,1\}//p' install.sh && exit 0 ;;
        *) echo "install.sh knows --to DIR and --no-demo, not $1." >&2 && exit 2 ;;
    esac
    shift
done
case $to in
    /*) ;;
    *) to=$OLDPWD/$to ;;
esac

# The wheels are for one version of Python.
wanted=$(sed -n 's/.*"python": "\([0-9.]*\)".*/\1/p' made-for.json)
system=$(sed -n 's/.*"system": "\([^"]*\)".*/\1/p' made-for.json)
machine=$(sed -n 's/.*"machine": "\([^"]*\)".*/\1/p' made-for.json)
[ "$(uname -s) $(uname -m)" = "$system $machine" ] ||
    fail "These wheels are for $system $machine, and this is $(uname -s) $(uname -m); make the folder on a computer like this one."
python=
for candidate in ${PYTHON:+"$PYTHON"} "python$wanted" python3; do
    if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$wanted" ]; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "These wheels are for Python $wanted, which is not here; install it, or make the folder with the Python that is."
if [ -e "$to" ] && [ ! -f "$to/made-for.json" ]; then
    fail "$to is there and is no Nutshell; move it away, or choose another folder with --to."
fi

rm -rf "$to" && mkdir -p "$to" || fail "$to could not be made; give yourself the right to write there, or choose another with --to."
"$python" -m venv "$to/venv" || fail "This Python cannot make an environment; install the package python3-venv and run this again."
"$to/venv/bin/pip" install -q --disable-pip-version-check --no-index --find-links wheels --require-hashes -r requirements.lock ||
    fail "The packages were not installed (pip says why above); copy the folder here again, and see that $to has 4 GB free."
cp -R program "$to/program" && cp made-for.json "$to" || fail "The program could not be copied to $to; free some space and run this again."
printf '#!/bin/sh\nexec "%s/venv/bin/python" "%s/program/main.py" "$@"\n' "$to" "$to" >"$to/nutshell" && chmod +x "$to/nutshell"
make_menu_entry "$to/nutshell" program/resources/icons
echo "Nutshell is installed in $to."
if [ $demo = yes ]; then
    echo "The demo:"
    runs=$(mktemp -d)
    "$to/nutshell" run "$to/program/resources/recipes/demo.toml" --runs "$runs"
    code=$?
    rm -rf "$runs"
    [ $code = 0 ] || fail "The demo ended with $code; $to/nutshell doctor says what this computer lacks."
fi
echo "To start: $to/nutshell, or Nutshell in the desktop's menu."
