"""Files in and out of the register: bulk import with errors by row and column, undo, and export."""
