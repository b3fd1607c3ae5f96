"""An evaluation for people and programs: a table, JSON, a page."""
