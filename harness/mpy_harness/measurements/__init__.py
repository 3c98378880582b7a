"""Measurements: what a run measured, kept, compared and limited."""
