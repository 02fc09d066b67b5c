"""Which open incidents may be the same: asked at declaration, recorded as a proposal to merge, never done by itself."""
