"""The explorer of any network: its graph, and all about one of its layers."""
