"""What several tests need: small pictures, a small model, records of files, processes."""
