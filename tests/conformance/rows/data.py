"""Known differences in how data is drawn, and in what becomes of none."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

EVALUATING = "tests/training/test_evaluate_loop.py::"
DRAWING = "tests/training/test_feeds_drawing.py::"
KERAS_API = "tests/training/test_keras_api.py::"
HERE = "tests/conformance/test_differences.py::"

DATA = (
    Difference(
        "generators",
        "No more is drawn from the data than the steps need",
        "draws two batches of a Python generator to look at them, and fetches more ahead, which are lost: the next "
        "call, and the next validation on the same generator, begin somewhere behind the last batch that was used. "
        "From a `tf.data.Dataset` too it may draw more batches than it uses.",
        "draws the batches that the steps need, and no others, so that the next call goes on with the next batch.",
        "Data that is read once, such as a queue, loses nothing.",
        (
            DRAWING + "test_calls_on_one_generator_go_on_where_the_last_one_stopped",
            DRAWING + "test_datasets_with_side_effects_are_not_drawn_from_beyond_the_steps",
        ),
    ),
    Difference(
        "end-of-data",
        "Nothing runs of the step for which there is no batch",
        "starts one step more where data of unknown length ends. Those parts of the step that do not need the batch "
        "may run: random numbers are drawn, so that dropout differs from then on, and means over batches, such as the "
        "losses of several outputs, count a batch too many.",
        "runs a step only with a batch.",
        "The same batches should give the same numbers, whether their number was known or not.",
        (HERE + "test_dropout_is_the_same_whether_the_length_of_the_data_is_known_or_not",),
    ),
    Difference(
        "end-of-data-warning",
        "Data that ends is no reason to warn, unless more steps were asked for",
        'warns that "your input ran out of data" at the end of each generator and each dataset of unknown length, even '
        "if no number of steps was given.",
        "warns only if `steps_per_epoch`, `steps` or `validation_steps` asks for more than there is.",
        "All of the data was asked for, and all of it was used.",
        (
            HERE + "test_the_end_of_data_is_warned_of_only_if_more_steps_were_asked_for",
            DRAWING + "test_more_steps_than_data_warns_and_goes_on_as_keras_does",
        ),
    ),
    Difference(
        "shapes-of-batches",
        "Batches of a generator may all have shapes of their own",
        "takes the shapes from the first two batches of a generator or a `PyDataset`: a later one that differs in an "
        "axis in which these agree is refused.",
        "takes each batch as it comes.",
        "Whether sequences of varying length can be trained on should not hang on the first two batches.",
        (HERE + "test_any_batch_of_a_generator_may_have_another_shape",),
    ),
    Difference(
        "lists-in-batches",
        "Batches may have lists of inputs and of targets",
        "refuses a Python generator or a `PyDataset` whose batches have lists in them, and takes tuples only.",
        "takes both.",
        "Arrays for several inputs may be in a list, so their batches may be too.",
        (HERE + "test_batches_may_have_lists_of_inputs",),
    ),
    Difference(
        "pydatasets",
        "Items of a `PyDataset` are fetched once",
        "fetches the first two items to look at them, before the first `on_epoch_begin`, and again in the first epoch. "
        "Its workers begin an epoch before the dataset is told so.",
        "fetches each item once an epoch, after `on_epoch_begin` of the dataset, its workers too.",
        "`on_epoch_begin` may prepare what the items are made of, and an item may take long to make.",
        (HERE + "test_items_of_a_pydataset_are_fetched_once_and_after_the_epoch_began",),
    ),
    Difference(
        "shuffling",
        "Arrays are shuffled in an order of our own",
        "shuffles arrays by TensorFlow's random numbers.",
        "shuffles them by a permutation of its own for each epoch. After `keras.utils.set_random_seed` with the same "
        "number the order is the same again, but not that of Keras. Python's and NumPy's global random numbers are "
        "left as they are. Datasets and `PyDataset`s are in the order in which they are with Keras.",
        "The order of an epoch must not depend on what else drew random numbers, or a resumed training would differ.",
        (
            KERAS_API + "test_shuffle_is_a_new_permutation_each_epoch",
            HERE + "test_the_order_of_arrays_is_the_same_again_after_a_seed_and_draws_no_number_of_numpy",
        ),
    ),
    Difference(
        "predictions-of-nothing",
        "`predict` of no examples gives arrays of no rows",
        "stops with an `UnboundLocalError`.",
        "gives arrays of no rows, of the shapes and types of the outputs.",
        "An empty selection is no error.",
        (EVALUATING + "test_prediction_of_no_examples_has_the_shape_of_the_outputs",),
    ),
    Difference(
        "outputs-of-none",
        "Outputs may be None",
        "cannot predict with a model whose `call` gives `None` for an output.",
        "leaves it `None`.",
        "A head that may be switched off is no reason not to predict.",
        (EVALUATING + "test_outputs_that_are_none_stay_none",),
    ),
)
