# What the installers share: where things go in a home folder, and the entry in the desktop's menu. Needs no root.
bin=$HOME/.local/bin
share=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$share/applications/nutshell.desktop
icons=$share/icons/hicolor

fail() {
    echo "$1" >&2
    exit 3
}

# make_menu_entry PROGRAM ICONS: a command nutshell, and the entry that starts PROGRAM by its full path.
make_menu_entry() {
    mkdir -p "$bin" "$share/applications" "$icons/256x256/apps" "$icons/scalable/apps" &&
        ln -sf "$1" "$bin/nutshell" &&
        cp "$2/nutshell.png" "$icons/256x256/apps/nutshell.png" &&
        cp "$2/nutshell.svg" "$icons/scalable/apps/nutshell.svg" &&
        sed -e "s|^Exec=nutshell|Exec=\"$1\"|" -e "s|^TryExec=nutshell|TryExec=$1|" nutshell.desktop >"$entry" ||
        fail "The entry in the menu could not be written to $share; give yourself the right to write there and run this again."
    case :$PATH: in
        *:"$bin":*) ;;
        *) echo "Note: $bin is not in PATH, so a terminal starts the program as $1" ;;
    esac
}

remove_menu_entry() {
    rm -f "$bin/nutshell" "$entry" "$icons/256x256/apps/nutshell.png" "$icons/scalable/apps/nutshell.svg"
}
