"""What the settings remember for the wizard from one start to the next."""

LAST_RECIPE = "wizard/last_recipe"
WEIGHTS_DIRECTORY = "weights_directory"
"""Where weights files of Keras are looked for, beside Keras' own folder."""
