"""Notebooks as things to look at: pages, pictures, lists, tidied files."""
