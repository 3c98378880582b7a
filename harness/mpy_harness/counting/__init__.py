"""Exact instruction counts of guest code: where they come from and what they say."""
