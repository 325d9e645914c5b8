"""What the settings remember for the wizard from one start to the next."""

LAST_RECIPE = "wizard/last_recipe"
LAST_DRAFT = "wizard/last_draft"
"""The id of the draft that the last recipe is kept as; empty: as none."""
