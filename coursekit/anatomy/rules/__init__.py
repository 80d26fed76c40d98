"""How every operator of torch carries what its inputs see to its output.

Importing the package registers the rules of all its modules.
"""

from coursekit.anatomy.rules import masking, mixing, moving, resizing, sliding

__all__ = ["masking", "mixing", "moving", "resizing", "sliding"]
