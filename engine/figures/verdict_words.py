"""What the verdicts on a target are called in tables."""

VERDICTS = {"holds": "yes", "does not hold": "no", "too few images": "too few images"}
