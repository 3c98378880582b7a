"""Calls of native modules that nobody thought of: made up, run under the memory checker, and shrunk when they fail."""
