"""The tabs beside stages and curves: each file declares one, and nothing else has to know it."""
