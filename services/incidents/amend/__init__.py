"""How a declared incident changes: its area, its phase, being the same as another, going on after its close."""
