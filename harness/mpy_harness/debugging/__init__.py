"""GDB on a guest: started or waited for, with symbols of the firmware and of native modules where they were loaded."""
