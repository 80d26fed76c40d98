"""A class in a folder: release an assignment, collect, grade, give back."""
