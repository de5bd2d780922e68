"""Known differences between the command and `fit` on the same batches."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

ITEMS = "tests/data/test_items.py::"

COMMAND = (
    Difference(
        "order-of-a-py-dataset",
        "The order of a `PyDataset` depends on `seed` and the pass",
        "draws it from Python's global random numbers.",
        "uses a permutation for each pass that depends only on `seed` and the number of the pass. "
        "`loader.shuffle=false` keeps the order of the dataset.",
        "A resumed run continues in the same order.",
        (ITEMS + "test_training_draws_them_in_an_order_of_seed_and_pass",),
    ),
    Difference(
        "randomness-of-worker-processes",
        "Random numbers in worker processes depend on `seed`, pass and batch",
        "lets each process start with the random numbers of the process that it was forked from, so that several "
        "processes may draw the same numbers.",
        "seeds Python's and NumPy's random numbers for each batch. What `on_epoch_begin` and `on_epoch_end` draw "
        "depends on `seed` and epoch.",
        "Augmented batches differ from each other, and are the same in a resumed run.",
        (ITEMS + "test_processes_draw_at_random_by_seed_pass_and_batch",),
    ),
    Difference(
        "dead-worker-processes",
        "A killed worker process is an error",
        "waits forever for its batch.",
        "ends with a message that names the dataset and the batch.",
        "A process that was killed for lack of memory should not block a training overnight.",
        ("tests/data/test_workers.py::test_a_killed_worker_process_is_told_in_a_line",),
    ),
    Difference(
        "steps-of-a-pass",
        "`data.steps` cannot exceed the data",
        "warns in the middle of the training that the data ran out.",
        "refuses such a value before the training, if the length of the data is known.",
        "A mistake should be reported at once.",
        (ITEMS + "test_the_first_ones_are_a_pass_if_so_many_are_asked_for",),
    ),
)
