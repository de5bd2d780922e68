"""Known differences in how data is read, and in what happens without data."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

EVALUATING = "tests/training/test_evaluate_loop.py::"
DRAWING = "tests/training/test_feeds_drawing.py::"
KERAS_API = "tests/training/test_keras_api.py::"
HERE = "tests/conformance/test_differences.py::"

DATA = (
    Difference(
        "generators",
        "No more data is drawn than the steps need",
        "draws two batches of a Python generator to inspect them and prefetches more. These batches are lost: the"
        " next call, or the next validation on the same generator, begins some batches later. From a "
        "`tf.data.Dataset`, too, it may draw more batches than it uses.",
        "draws only the batches that the steps need, so that the next call continues with the next batch.",
        "Data that can be read only once, such as a queue, loses nothing.",
        (
            DRAWING + "test_calls_on_one_generator_go_on_where_the_last_one_stopped",
            DRAWING + "test_datasets_with_side_effects_are_not_drawn_from_beyond_the_steps",
        ),
    ),
    Difference(
        "end-of-data",
        "No part of a step runs without a batch",
        "starts one more step when data of unknown length ends. The parts of the step that do not need the batch "
        "may run: random numbers are drawn, so that dropout differs from then on, and means over batches, such as"
        " the losses of several outputs, count one batch too many.",
        "runs a step only with a batch.",
        "The same batches should give the same numbers, whether or not their number was known.",
        (HERE + "test_dropout_is_the_same_whether_the_length_of_the_data_is_known_or_not",),
    ),
    Difference(
        "end-of-data-warning",
        "The end of data is a warning only if more steps were requested",
        'warns that "your input ran out of data" at the end of each generator and each dataset of unknown length,'
        " even if no number of steps was given.",
        "warns only if `steps_per_epoch`, `steps` or `validation_steps` exceeds the data.",
        "All of the data was requested, and all of it was used.",
        (
            HERE + "test_the_end_of_data_is_warned_of_only_if_more_steps_were_asked_for",
            DRAWING + "test_more_steps_than_data_warns_and_goes_on_as_keras_does",
        ),
    ),
    Difference(
        "shapes-of-batches",
        "Every batch of a generator may have a different shape",
        "infers the shapes from the first two batches of a generator or a `PyDataset`. If these agree along an "
        "axis, it refuses a later batch that differs there.",
        "accepts each batch as it comes.",
        "Whether you can train on sequences of varying length should not depend on the first two batches.",
        (HERE + "test_any_batch_of_a_generator_may_have_another_shape",),
    ),
    Difference(
        "lists-in-batches",
        "Batches may contain lists of inputs and targets",
        "refuses a Python generator or a `PyDataset` whose batches contain lists, and accepts only tuples.",
        "accepts both.",
        "Arrays for several inputs may be in a list, so their batches may be too.",
        (HERE + "test_batches_may_have_lists_of_inputs",),
    ),
    Difference(
        "pydatasets",
        "Items of a `PyDataset` are fetched once",
        "fetches the first two items to inspect them, before the first `on_epoch_begin`, and fetches them again "
        "in the first epoch. Its workers start an epoch before the dataset is notified.",
        "fetches each item once per epoch, after `on_epoch_begin` of the dataset; so do its workers.",
        "`on_epoch_begin` may prepare the data for the items, and an item may take long to make.",
        (HERE + "test_items_of_a_pydataset_are_fetched_once_and_after_the_epoch_began",),
    ),
    Difference(
        "shuffling",
        "Arrays are shuffled in a different order",
        "shuffles arrays with TensorFlow's random numbers.",
        "shuffles them with its own permutation for each epoch. After `keras.utils.set_random_seed` with the same"
        " number, the order is the same again, but differs from that of Keras. Python's and NumPy's global random"
        " numbers are not used. Datasets and `PyDataset`s have the same order as in Keras.",
        "If other code that draws random numbers could change the order of an epoch, a resumed training would differ.",
        (
            KERAS_API + "test_shuffle_is_a_new_permutation_each_epoch",
            HERE + "test_the_order_of_arrays_is_the_same_again_after_a_seed_and_draws_no_number_of_numpy",
        ),
    ),
    Difference(
        "predictions-of-nothing",
        "`predict` with no examples returns arrays without rows",
        "fails with an `UnboundLocalError`.",
        "returns arrays without rows, with the shapes and types of the outputs.",
        "An empty selection is not an error.",
        (EVALUATING + "test_prediction_of_no_examples_has_the_shape_of_the_outputs",),
    ),
    Difference(
        "outputs-of-none",
        "Outputs may be None",
        "cannot predict with a model whose `call` returns `None` for an output.",
        "leaves it `None`.",
        "A switched-off head is no reason not to predict.",
        (EVALUATING + "test_outputs_that_are_none_stay_none",),
    ),
)
