"""The syllabus as data: every claim the course tests, in the order it is taught.

A statement is written as it is usually heard, folklore included: `syllabus_verdict`
says what the course expects of it, and the notebooks measure whether that holds.
"depends" stands for claims that hold on some cases only, for statements with a true and
a false half (C07, C46, C56, C81), and for matters of trade-off.

This module is longer than others because it is a table.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One row of the syllabus.

    Args:
        id: "C01" to "C86"; the same in notebooks, package and tests.
        session: two digits, the session that tests it.
        statement: the claim as it is usually stated, one sentence.
        syllabus_verdict: "true", "false" or "depends": what the course expects.
        experiment: what the student sees.
    """

    id: str
    session: str
    statement: str
    syllabus_verdict: str
    experiment: str


RECEPTIVE_FIELDS = (
    Claim(
        "C01",
        "01",
        "A convolution is a list of sums of products: five weights of 0.2 sliding over "
        "a list of numbers give its moving average.",
        "true",
        "by hand, with `F.conv1d`, and in two dimensions with a box blur on a photo",
    ),
    Claim(
        "C02",
        "01",
        "What deep learning calls convolution is cross-correlation; the Fourier "
        "transform computes the same thing and is the faster way.",
        "depends",
        "the kernel size from which the FFT wins, measured live",
    ),
    Claim(
        "C03",
        "01",
        "The output size is ⌊(D − K + 2P)/S⌋ + 1, with d(K−1)+1 in place of K under "
        "dilation d; a 3×3 without padding takes 2 off (5→3, 9→7).",
        "true",
        "the formula against torch on a grid of settings",
    ),
    Claim(
        "C04",
        "01",
        "A convolution layer has N·M·K·K weights and N biases: AlexNet's CONV1, 96 "
        "filters of 11×11, has 11,616 weights per input channel, 34,848 on RGB and "
        "34,944 parameters with its biases.",
        "true",
        "counted on the layer; a lecture's “11K” forgets the three input channels",
    ),
    Claim(
        "C05",
        "01",
        "A fully connected layer from 200×200 pixels to 40,000 units has 1.6 billion "
        "weights, where a convolution needs thousands.",
        "true",
        "a counter of both",
    ),
    Claim(
        "C06",
        "01",
        "Padding with zeros, copies, reflections or the opposite side differ only at "
        "the border, and zeros mark where the border is.",
        "true",
        "padding mode × width on a photo, and the response along the border",
    ),
    Claim(
        "C07",
        "01",
        "Stacked 3×3 convolutions replace any bigger kernel with fewer weights: two "
        "for a 5×5 (18 against 25), five for an 11×11 (45 against 121), three for a "
        "7×7 (27C² against 49C²).",
        "depends",
        "they see the same window with fewer weights, but a random 5×5 kernel is not "
        "a product of two 3×3s: the residual of the best factorisation",
    ),
    Claim(
        "C08",
        "01",
        "Odd kernels have a centre; even ones shift the map by half a pixel.",
        "true",
        "the position of an edge after N layers of 2×2 and of 3×3",
    ),
    Claim(
        "C09",
        "01",
        "Every 2×2 kernel is contained in some 3×3 kernel.",
        "true",
        "a 3×3 with one row and one column of zeros",
    ),
    Claim(
        "C10",
        "01",
        "The local receptive field is the kernel size, the global one is what the unit "
        "sees of the input; each 3×3 layer with stride 1 adds 2 to it.",
        "true",
        "a chain built layer by layer, one unit's square growing on the photo",
    ),
    Claim(
        "C11",
        "01",
        "r_out = r_in + (k−1)·j_in and j_out = j_in·s give the field layer by layer, "
        "dilation and pooling included; where branches join, it is the union of their "
        "windows, not the larger of their sizes.",
        "true",
        "the calculator against the gradient of a unit with respect to the input; two "
        "misaligned branches of width 3 that make a field of 5",
    ),
    Claim(
        "C12",
        "01",
        "Three layers of 3×3 on a 100×100 image see 7×7 pixels and know nothing of "
        "the rest.",
        "true",
        "everything outside the 7×7 covered: the unit does not move",
    ),
    Claim(
        "C13",
        "01",
        "With 3×3 layers alone a 400×400 image needs 200 of them (199 see 399, 200 see "
        "401); pooling and stride are why real networks need few.",
        "true",
        "receptive field against depth, with pooling every n layers",
    ),
    Claim(
        "C14",
        "01",
        "The effective receptive field is smaller than the theoretical one: influence "
        "is bell-shaped and the centre counts most.",
        "true",
        "averaged gradient maps at initialisation and after training",
    ),
    Claim(
        "C15",
        "01",
        "The field of the last layer should cover the object, not the picture; more "
        "field than that is no gain.",
        "depends",
        "accuracy against receptive field on shapes of known size: a knee near the "
        "size of the object",
    ),
    Claim(
        "C16",
        "01",
        "Max pooling 2×2 halves each side and throws away 75 % of the numbers; the "
        "loud features survive.",
        "true",
        "a pyramid of max, average and stride on a photo; what small features lose",
    ),
    Claim(
        "C17",
        "01",
        "Pool after about 5 layers on 400×400 photos (field 11×11) but after 2 on "
        "28×28 digits, not in the first layer and not just before the prediction.",
        "depends",
        "accuracies at the same budget with the position of the pooling varied",
    ),
    Claim(
        "C18",
        "01",
        "A layer with an 11×11 field cannot respond to a pattern larger than that.",
        "true",
        "two patterns equal inside 11×11: equal activations",
    ),
    Claim(
        "C19",
        "01",
        "Pooling layers have no parameters; sum pooling is average pooling times the "
        "area; patches may overlap, as AlexNet's (3, stride 2) do.",
        "true",
        "counted and computed, AlexNet's pooling included",
    ),
    Claim(
        "C20",
        "01",
        "Convolution followed by pooling gives some invariance to small shifts; a "
        "fully connected layer has none.",
        "true",
        "digits shifted by 0 to 6 pixels: the accuracy left to conv + pooling, conv + "
        "GAP and dense",
    ),
    Claim(
        "C21",
        "01",
        "Scaling pixels by 1/255 is standardisation.",
        "false",
        "rescaling beside standardisation (subtract the mean, divide by the "
        "deviation), and what each does to training",
    ),
    Claim(
        "C22",
        "01",
        "A random image carries no information.",
        "depends",
        "entropy, compressed size and mutual information with the label",
    ),
    Claim(
        "C23",
        "01",
        "A network may shrink its map to 7×7 and not to 3×3, because at 7×7 the object "
        "is still recognisable and at 3×3 it is not.",
        "depends",
        "pictures at 14, 7, 5 and 3 pixels a side: the network and the reader guess",
    ),
    Claim(
        "C24",
        "01",
        "Without a non-linearity any stack of layers collapses into one linear map; "
        "ReLU, max(0, x), is cheap and does not saturate.",
        "true",
        "the collapse computed exactly; gradients of sigmoid, tanh and ReLU through "
        "depth",
    ),
    Claim(
        "C25",
        "01",
        "Local contrast normalisation, subtracting each patch's mean and dividing by "
        "its deviation, gives the same answer under different light.",
        "true",
        "one photo under two exposures",
    ),
)

ONE_BY_ONE = (
    Claim(
        "C26",
        "02",
        "A 1×1 convolution mixes channels at each pixel and sees no neighbours: "
        "32×32×10 by 1×1×10×4 gives 32×32×4, the same size with another depth.",
        "true",
        "a mixing desk: the sliders are the weights, the photo's channels the tracks",
    ),
    Claim(
        "C27",
        "02",
        "From RGB a 1×1 convolution can make 12 colours, and another can come back "
        "to RGB.",
        "true",
        "3→12→3 with the pseudo-inverse is exact; 12→3→12 has rank 3",
    ),
    Claim(
        "C28",
        "02",
        "A 1×1 convolution reduces z (the channels), max pooling reduces x and y.",
        "true",
        "shapes before and after both, on the same map",
    ),
    Claim(
        "C29",
        "02",
        "The number of output channels has nothing to do with the number of input "
        "channels.",
        "true",
        "a grid of channel numbers, in and out, each running",
    ),
    Claim(
        "C30",
        "02",
        "Each kernel is a feature extractor; a 1×1 convolution combines features found "
        "at the same place.",
        "true",
        "3×3 alone against 3×3 + 1×1 on shapes × colours",
    ),
    Claim(
        "C31",
        "02",
        "Nothing labels channel 17 as “tiger”: what a channel means is learnt and "
        "shared among classes.",
        "true",
        "the patches that excite channels of a trained network most",
    ),
    Claim(
        "C32",
        "02",
        "Channels double from stage to stage (32→64→…→512) because powers of two fit "
        "the GPU and ×4 would be too fast.",
        "depends",
        "throughput at 60, 64, 72 and 96 channels; depth against width at equal cost",
    ),
    Claim(
        "C33",
        "02",
        "Channels grow as maps shrink to keep the cost of each stage about constant.",
        "true",
        "multiply-adds per stage of VGG and ResNet",
    ),
    Claim(
        "C34",
        "02",
        "Batch norm removes the effect of the bias before it.",
        "true",
        "the same output to 1e-6 with any bias; the parameters saved",
    ),
    Claim(
        "C35",
        "02",
        "224²·3 + 112²·32 + 64²·6 = 576,512 numbers describe one image, so 1,000 "
        "images need 576 MB.",
        "false",
        "576.5 million float32 numbers are 2.3 GB; activation memory measured",
    ),
    Claim(
        "C36",
        "02",
        "A batch must be drawn at random from shuffled data.",
        "true",
        "training on batches sorted by class fails",
    ),
    Claim(
        "C37",
        "02",
        "Squeeze-and-expand (1×1 transition layers and pooling between blocks) is as "
        "good as ResNet but takes more memory.",
        "depends",
        "both at equal parameters: accuracy, memory, speed",
    ),
    Claim(
        "C38",
        "02",
        "A transition layer belongs at the end of a block, before the next one widens "
        "again: its 1×1 from 512 to 32 channels costs little.",
        "depends",
        "the multiply-adds of a transition before and after the pooling, beside the "
        "convolutions around it",
    ),
    Claim(
        "C39",
        "02",
        "Bottleneck, reversed bottleneck and depthwise-separable convolutions cost "
        "less than a plain 3×3 and lose no quality.",
        "depends",
        "a table of costs and a small race",
    ),
    Claim(
        "C40",
        "02",
        "A network holds two kinds of operation: those that extract features and "
        "those that pass them on or filter them.",
        "depends",
        "discussed with C28 and C38: which operations see neighbours, which do not",
    ),
)

GAP_AND_SOFTMAX = (
    Claim(
        "C41",
        "03",
        "Flattening into a dense layer throws away where things are; the dense "
        "layer's local field is the whole input.",
        "true",
        "one fixed permutation of the pixels: the dense net does not care, the "
        "convolutional one does",
    ),
    Claim(
        "C42",
        "03",
        "A dense layer is a convolution whose kernel is the whole map; a 1×1 "
        "convolution is a dense layer at each pixel.",
        "true",
        "weights copied across: outputs equal to 1e-6",
    ),
    Claim(
        "C43",
        "03",
        "A convolution is a dense layer, sparse and with shared weights: on a 9×9 "
        "input a matrix of 81 rows that is almost all zero.",
        "true",
        "the matrix drawn",
    ),
    Claim(
        "C44",
        "03",
        "About 90 % of VGG-16's parameters are in its dense layers.",
        "true",
        "89.4 %, computed",
    ),
    Claim(
        "C45",
        "03",
        "Global average pooling turns 512 channels into 512 numbers, has no "
        "parameters and accepts any input size; a small dense layer or a 1×1 then "
        "goes from 512 to the classes.",
        "true",
        "a dense head against a GAP head: parameters, accuracy, other sizes, shifts",
    ),
    Claim(
        "C46",
        "03",
        "Global average pooling halves the image, doubles the receptive field and "
        "reduces the parameters.",
        "depends",
        "a quiz of three, each part answered by measuring",
    ),
    Claim(
        "C47",
        "03",
        "Global average pooling amplifies values.",
        "false",
        "it averages: the spread shrinks",
    ),
    Claim(
        "C48",
        "03",
        "Softmax widens the gaps between numbers and does not change when a constant "
        "is added to all of them; temperature sets how much it widens.",
        "true",
        "sliders for the logits",
    ),
    Claim(
        "C49",
        "03",
        "Softmax outputs are not calibrated probabilities: confidence must be looked "
        "at apart from accuracy.",
        "true",
        "a reliability diagram, the expected calibration error, an image of noise",
    ),
    Claim(
        "C50",
        "03",
        "Softmax hides information that the logits had.",
        "true",
        "two different logit vectors with the same softmax",
    ),
    Claim(
        "C51",
        "03",
        "Use log-softmax, in natural logarithms: softmax followed by log breaks in "
        "float32.",
        "true",
        "logits of ±200: −inf beside the right answer",
    ),
    Claim(
        "C52",
        "03",
        "The loss is the negative log-likelihood of the right class, summed over the "
        "batch: the higher it is, the unhappier the network.",
        "true",
        "by hand against `F.cross_entropy`; its gradient is p − y",
    ),
    Claim(
        "C53",
        "03",
        "Put nothing (no ReLU, batch norm, dropout or pooling) between the last "
        "convolution and the prediction.",
        "depends",
        "four variants trained",
    ),
)

REGULARISE_AND_LOOK = (
    Claim(
        "C54",
        "04",
        "Batch norm normalises each channel over the whole batch and map, to values "
        "between 0 and 1.",
        "depends",
        "mean 0 and deviation 1, not 0…1; training against evaluation; a batch of 2",
    ),
    Claim(
        "C55",
        "04",
        "Batch norm amplifies features, and its distance from the prediction matters.",
        "depends",
        "the scales learnt; with and without it at several learning rates",
    ),
    Claim(
        "C56",
        "04",
        "Dropout switches units off at random while training only, and small amounts "
        "of it belong on every layer.",
        "depends",
        "train and eval side by side; a sweep from 0 to 0.5; where overfitting shows",
    ),
    Claim(
        "C57",
        "04",
        "Cutout beats dropout and is the best augmentation.",
        "depends",
        "none, flip, crop, dropout, cutout and all at equal budget; a sweep of the "
        "patch length",
    ),
    Claim(
        "C58",
        "04",
        "Cutout's centre is uniform over the image, so its square may hang over the "
        "border: with length 16 on 32×32 it covers 49/256 on average, not 1/4.",
        "true",
        "the expected covered fraction, exact against sampled",
    ),
    Claim(
        "C59",
        "04",
        "Grad-CAM shows where the network looks: the ReLU of the channels' sum, each "
        "weighted by its mean gradient.",
        "true",
        "by hand in ten lines against the `grad-cam` package, equal to 1e-5",
    ),
    Claim(
        "C60",
        "04",
        "A network may look at the background (cats on sofas): it must learn what to "
        "say no to.",
        "true",
        "shapes whose background gives the class away: Grad-CAM on the background, "
        "accuracy gone when the background is swapped",
    ),
    Claim(
        "C61",
        "04",
        "Stick to SGD.",
        "depends",
        "SGD with momentum, OneCycle and AdamW at equal budget",
    ),
    Claim(
        "C62",
        "04",
        "MNIST is different: no textures, parts or objects, so two blocks are enough.",
        "true",
        "a sweep of the number of blocks",
    ),
    Claim(
        "C63",
        "04",
        "The two training curves tell when to add dropout or augmentation: overfitting "
        "and underfitting look different.",
        "true",
        "the curves of both",
    ),
)

CLASSIC_NETWORKS = (
    Claim(
        "C64",
        "05",
        "LeNet-5 is convolution, subsampling and dense layers, and it reads digits.",
        "true",
        "trained here",
    ),
    Claim(
        "C65",
        "05",
        "AlexNet's input is 227×227 (224 would give 54.25), CONV1 makes 55×55×96, its "
        "pooling has no parameters and the network about 60 million.",
        "true",
        "60,965,224 in the grouped original, 61,100,840 in torchvision's one tower, "
        "and where they differ",
    ),
    Claim(
        "C66",
        "05",
        "ZFNet changes AlexNet's CONV1 to 7×7 with stride 2 and gives CONV3, 4 and 5 "
        "512, 1024 and 512 channels.",
        "true",
        "what the change does to the first layer's filters and to aliasing",
    ),
    Claim(
        "C67",
        "05",
        "VGG-16, made of 3×3 convolutions (stride 1, padding 1) and 2×2 pooling, has "
        "120 million parameters, and its activations are 24 million values × 4 bytes "
        "= 96 MB.",
        "false",
        "138,357,544 parameters; the slide's own terms add up to 15.2 million values = "
        "61 MB; memory and parameters per layer, computed",
    ),
    Claim(
        "C68",
        "05",
        "ImageNet has 14 thousand images in 22 thousand synsets; ILSVRC takes 1,000 "
        "classes with 1.2 M, 50 K and 100 K images and counts the top-5 error.",
        "false",
        "it is 14 million; top-k computed and shown on overlapping classes",
    ),
    Claim(
        "C69",
        "05",
        "Data parallelism (one model, a split batch, averaged gradients) computes what "
        "one process computes; model parallelism splits the layers instead.",
        "true",
        "a `torch.distributed` run on two processes: gradients equal to 1e-6; the "
        "volume of communication",
    ),
    Claim(
        "C70",
        "05",
        "A network block convolves, applies a non-linearity, pools and normalises; "
        "the order has changed over the years.",
        "true",
        "a timeline with computed costs",
    ),
    Claim(
        "C71",
        "05",
        "Localisation and detection differ from classification.",
        "true",
        "a box from Grad-CAM on shapes: its IoU with the known box",
    ),
    Claim(
        "C72",
        "05",
        "Convolutional networks are great feature extractors when there is a lot of "
        "data.",
        "true",
        "accuracy against the number of examples; frozen features with a linear probe",
    ),
)

RESIDUALS = (
    Claim(
        "C73",
        "06",
        "A plain network of 56 layers is worse than one of 20 layers in training "
        "error already, so this is not overfitting.",
        "true",
        "plain against residual at depths a CPU can train",
    ),
    Claim(
        "C74",
        "06",
        "With H(x) = F(x) + x the block only learns the difference, and the identity "
        "is the zero function.",
        "true",
        "weights set to zero: the block is the identity",
    ),
    Claim(
        "C75",
        "06",
        "The sum is a plain sum, not a learnt weighting; projections appear where "
        "shapes change.",
        "true",
        "identity, 1×1 projection and padded shortcut: their parameters",
    ),
    Claim(
        "C76",
        "06",
        "Residual networks let the gradient through.",
        "true",
        "the gradient's norm per layer, plain against residual, with and without "
        "batch norm",
    ),
    Claim(
        "C77",
        "06",
        "Blocks at full resolutions (one at 64, the next at 128…) with equal channels "
        "within a stage make memory known in advance, and two 3×3 replace a 5×5.",
        "true",
        "memory per stage",
    ),
    Claim(
        "C78",
        "06",
        "ResNet has no dense layer but the classifier, and bottlenecks from 50 layers "
        "on.",
        "true",
        "parameters by kind of layer",
    ),
    Claim(
        "C79",
        "06",
        "The receptive fields of real ResNets exceed the image, and many paths of "
        "different length lead through them.",
        "true",
        "the field per path; one block removed: a small loss; 483 in the paper's "
        "ResNet-50 and 427 in torchvision's",
    ),
)

INCEPTION = (
    Claim(
        "C80",
        "07",
        "Kernels of several sizes side by side with zero padding keep 28×28 and are "
        "concatenated along depth: 128 + 192 + 96 + 256 = 672.",
        "true",
        "branches with the live shape",
    ),
    Claim(
        "C81",
        "07",
        "The naive module costs 854 million multiplications; 1×1 bottlenecks of 64 "
        "channels bring it to 358 million, with 480 channels out.",
        "depends",
        "counted by the tool: 854,196,224 is right; the slide's own six terms add up "
        "to 271,351,808, because 358 million counts the 3×3 term twice",
    ),
    Claim(
        "C82",
        "07",
        "A bottleneck loses information, but maps are redundant and a non-linearity "
        "is added, so nothing is lost that matters.",
        "depends",
        "the energy of real maps kept by k principal channels; accuracy against the "
        "bottleneck's width",
    ),
    Claim(
        "C83",
        "07",
        "GoogLeNet is a stem and nine modules without a dense stack: 22 weight layers "
        "and 12× fewer parameters than AlexNet.",
        "depends",
        "6,998,552 counted, as in the paper's table; torchvision has 3×3 where the "
        "paper has 5×5 (field 379 against 715)",
    ),
    Claim(
        "C84",
        "07",
        "Auxiliary classifiers send gradient to early layers and help the network "
        "learn.",
        "depends",
        "with and without: gradient norms, accuracy",
    ),
    Claim(
        "C85",
        "07",
        "An inception module has several receptive fields at once.",
        "true",
        "the distribution of fields per branch",
    ),
    Claim(
        "C86",
        "07",
        "From inception come the factorised (1×7 and 7×1), the depthwise-separable "
        "and the residual inception, each cheaper for the same window.",
        "true",
        "a table of costs",
    ),
)

CLAIMS: dict[str, Claim] = {
    row.id: row
    for session in (
        RECEPTIVE_FIELDS,
        ONE_BY_ONE,
        GAP_AND_SOFTMAX,
        REGULARISE_AND_LOOK,
        CLASSIC_NETWORKS,
        RESIDUALS,
        INCEPTION,
    )
    for row in session
}
