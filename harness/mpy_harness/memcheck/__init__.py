"""What native code does to the guest's memory: what is compared, and what was found, in words."""
