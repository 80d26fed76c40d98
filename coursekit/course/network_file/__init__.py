"""A network as a file: written from a model, read as hostile data, replayed.

The file is what is judged, the student's own `check` included, so that both sides
judge the same thing. Format: https://onnx.ai/onnx/repo-docs/IR.html
"""
