"""Known differences of the command from `fit` on the same batches."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

ITEMS = "tests/data/test_items.py::"

COMMAND = (
    Difference(
        "order-of-a-py-dataset",
        "The order of a `PyDataset` depends on `seed` and pass",
        "draws it from Python's global random numbers.",
        "has a permutation for each pass that depends on `seed` and the number of the pass alone. "
        "`loader.shuffle=false` keeps the order of the dataset.",
        "A resumed run goes on in the same order.",
        (ITEMS + "test_training_draws_them_in_an_order_of_seed_and_pass",),
    ),
    Difference(
        "randomness-of-worker-processes",
        "Worker processes draw at random by `seed`, pass and batch",
        "leaves each process the random numbers of the one that it was forked from, so that several processes may "
        "draw the same.",
        "seeds Python's and NumPy's random numbers for each batch. What `on_epoch_begin` and `on_epoch_end` draw "
        "depends on `seed` and epoch.",
        "Augmented batches differ from each other, and are the same in a resumed run.",
        (ITEMS + "test_processes_draw_at_random_by_seed_pass_and_batch",),
    ),
    Difference(
        "dead-worker-processes",
        "A worker process that is killed is an error",
        "waits for its batch for ever.",
        "ends with a line that names the dataset and the batch.",
        "A process that was killed for want of memory should not hold up a training over night.",
        ("tests/data/test_workers.py::test_a_killed_worker_process_is_told_in_a_line",),
    ),
    Difference(
        "steps-of-a-pass",
        "`data.steps` is no more than there is",
        "warns that the data ran out, in the middle of the training.",
        "refuses it before the training, if the length of the data is known.",
        "A mistake should be told at once.",
        (ITEMS + "test_the_first_ones_are_a_pass_if_so_many_are_asked_for",),
    ),
)
