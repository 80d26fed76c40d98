"""What the inspection knows about ONNX's operators, as tables.

https://onnx.ai/onnx/operators/
"""

# The result has the shape of the input, each number made from the one at its place.
POINTWISE = {
    *("Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh"),
    *("BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "BitShift", "Cast"),
    *("CastLike", "Ceil", "Celu", "Clip", "Cos", "Cosh", "DequantizeLinear", "Div"),
    *("Dropout", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater"),
    *("GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN"),
    *("LeakyRelu", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mish", "Mod"),
    *("Mul", "Neg", "Not", "Or", "PRelu", "Pow", "QuantizeLinear", "Reciprocal"),
    *("Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus"),
    *("Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu"),
    *("Where", "Xor"),
}
# Every unit stays at its place.
NORMS = {
    *("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LRN"),
    *("LayerNormalization", "LpNormalization", "MeanVarianceNormalization"),
    "RMSNormalization",
}
SOFTMAX = {"Softmax", "LogSoftmax", "Hardmax"}
CONVOLUTIONS = {"Conv", "ConvInteger", "QLinearConv"}
POOLS = {"MaxPool", "AveragePool", "LpPool"}
GLOBAL_POOLS = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}
PRODUCTS = {"Gemm", "MatMul", "Einsum", "MatMulInteger", "QLinearMatMul"}
REDUCTIONS = {
    *("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"),
    *("ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"),
}
# Numbers only change their place; none is made.
MOVES = {
    *("Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "Pad"),
    *("Reshape", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose"),
    "Unsqueeze",
}

# Inputs that say sizes, axes and places, never numbers that reach the result.
SHAPES_AT = {
    "Reshape": {1},
    "Expand": {1},
    "Tile": {1},
    "Slice": {1, 2, 3, 4},
    "Unsqueeze": {1},
    "Squeeze": {1},
    "Pad": {1, 3},
    "Resize": {1, 2, 3},
    "Upsample": {1},
    "Split": {1},
    "TopK": {1},
    "CumSum": {1},
    "ConstantOfShape": {0},
    "EyeLike": {0},
    "Shape": {0},
    "Size": {0},
    "CastLike": {1},
    "Trilu": {1},
    "CenterCropPad": {1},
    **{name: {1} for name in REDUCTIONS},
}

# Where the weight stands, and its zero point and scale where it is quantised.
WEIGHT_AT = {"Conv": 1, "ConvTranspose": 1, "ConvInteger": 1, "QLinearConv": 3}

KINDS = {
    **dict.fromkeys(CONVOLUTIONS, "convolution"),
    "ConvTranspose": "transposed convolution",
    "BatchNormalization": "batch norm",
    **dict.fromkeys(NORMS - {"BatchNormalization"}, "norm"),
    "MaxPool": "max pooling",
    "AveragePool": "average pooling",
    "LpPool": "pooling",
    "GlobalAveragePool": "global average pooling",
    "GlobalMaxPool": "global max pooling",
    "GlobalLpPool": "global pooling",
    **dict.fromkeys(SOFTMAX, "softmax"),
    **dict.fromkeys(("Add", "Sum"), "addition"),
    **dict.fromkeys(("Mul", "Div", "Sub"), "arithmetic"),
    "Concat": "concatenation",
    **dict.fromkeys(REDUCTIONS, "reduction"),
    **dict.fromkeys(("Resize", "Upsample"), "resizing"),
    "Dropout": "dropout",
    **dict.fromkeys(MOVES - {"Concat"}, "rearrangement"),
}
