"""What is trained for the project itself."""
