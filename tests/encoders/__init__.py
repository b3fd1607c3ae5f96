"""Tests of the encoders room."""
