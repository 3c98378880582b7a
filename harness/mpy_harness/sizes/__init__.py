"""Flash, RAM, heap and stack, in exact bytes."""
