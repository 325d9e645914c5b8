"""Between the steps and the chains: what a step is, the bench it works at, and the network it is given and leaves."""
