"""Need templates: what fills in for needs that nobody stated, by kind, level and phase; versioned and editable."""
