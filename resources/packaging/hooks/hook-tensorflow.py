"""TensorFlow: all of its modules, because it finds many of them by their names.

This comes before the hook of PyInstaller's community, which takes Keras 3 too: the program uses Keras 2 (tf_keras).
"""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

from left_out import is_wanted

hiddenimports = collect_submodules("tensorflow", filter=is_wanted)
datas = collect_data_files("tensorflow", includes=["THIRD_PARTY_NOTICES.txt"])
# AutoGraph reads source code: its own, and that of functions it converts, of which a saved model has some.
module_collection_mode = {"tensorflow.python.autograph": "pyz+py", "tensorflow.python.saved_model": "pyz+py"}
# A symbolic link to it at the top would make a library look for its neighbours there.
bindepend_symlink_suppression = ["**/libtensorflow_cc.*", "**/libtensorflow_framework.*"]
warn_on_missing_hiddenimports = False
