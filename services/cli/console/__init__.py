"""The web console's build: Node from its Python package, npm packages from the lock, the pages by Vite."""
