"""The routes, one module a noun; each makes a router over one collection."""
