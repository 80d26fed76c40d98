"""The building blocks of the networks in the course, each as its paper describes it."""

from coursekit._base.lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
        ".basic": "ConvNormAct DenseHead GAPHead Transition pointwise",
        ".inception": (
            "AuxiliaryClassifier Factorised Inception NaiveInception conv_relu"
        ),
        ".normalise": "GhostBatchNorm LocalContrastNorm local_response_norm",
        ".residual": "BasicBlock Bottleneck Padded PlainBlock",
        ".separable": "DepthwiseSeparable InvertedBottleneck",
    },
)
