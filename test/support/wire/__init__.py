"""The tables of the wire test."""
