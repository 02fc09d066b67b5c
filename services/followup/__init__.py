"""Follow-up plans and their tasks, up to twenty years."""
