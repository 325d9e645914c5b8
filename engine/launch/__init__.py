"""How the program and its processes are started and ended."""
