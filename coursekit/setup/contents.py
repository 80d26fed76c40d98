"""Notebooks that open unchanged: JupyterLab finds in them what it would write itself.

On opening a notebook JupyterLab writes the kernel's name and language into it and marks
it as changed, though nobody touched it. A published notebook cannot hold them, because
they differ from machine to machine; so they are filled in on the way to the browser.
The file is only written when the student saves.
"""

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class CourseContents(AsyncLargeFileManager):
    """Jupyter's own files, their notebooks completed for this machine's Python."""

    async def get(self, path: str, content: bool = True, **how: object) -> dict:
        """Return a file or folder as JupyterLab asks for it."""
        model = await super().get(path, content, **how)
        if content and model["type"] == "notebook":
            specs = self.parent.kernel_spec_manager
            shown = specs.get_kernel_spec(NATIVE_KERNEL_NAME).display_name
            complete(model["content"]["metadata"], shown)
        return model


def complete(metadata: dict, shown: str) -> None:
    """Write into a notebook's metadata what JupyterLab would write.

    Args:
        metadata: of a notebook; changed where its kernel is this Python.
        shown: the name by which JupyterLab shows this Python's kernel.
    """
    kernel = metadata.get("kernelspec", {})
    if kernel.get("name") == NATIVE_KERNEL_NAME:
        kernel["display_name"] = shown
        metadata["language_info"] = dict(IPythonKernel.language_info)
