"""What the golden vectors of the cases are made from, one module an area."""
