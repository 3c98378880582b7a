"""The same tests at several commits: checkouts beside the user's own, measured one after the other."""
