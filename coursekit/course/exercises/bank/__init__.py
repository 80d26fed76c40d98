"""One file an exercise: `s01_3_receptive_field.py` holds `EXERCISE` of id "01.3".

To add one, copy a file that is close to it and change, in this order:

1. the solution: the function or class students see when they ask for it;
2. the oracle: the same by other means (torch, a count, a definition in loops);
3. two more right answers, written the way other people would;
4. the wrong answers students really give, each with the sentence they should read as
   its docstring and, above it, the misconception behind it (`@slip("axes")`, a key of
   `staff/proof/slips.py`); one that behaves like another is the same mistake;
5. `cases`: odd and even sizes, a batch larger than one, both dtypes, tensors that are
   not contiguous, arguments left to their defaults, and values that tell all of the
   above apart;
6. `corners`: calls that only decide between right and wrong (a batch of one, ties,
   stride 3 …); `never` names what the statement excludes. `coursekit checks --cases`
   says where no case goes.

Then run `coursekit checks --score 01.3`. It fails unless every right answer passes and
every wrong one gets its own sentence. Mutants that survive either show what the cases
do not look at, or are right: list those in `equivalents` with the reason.
"""
