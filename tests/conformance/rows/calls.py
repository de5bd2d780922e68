"""Known differences in steps, calls of callbacks, and models."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

HERE = "tests/conformance/test_differences.py::"

CALLS = (
    Difference(
        "batches-begun-without-data",
        "No batch begins without data",
        "calls `on_train_batch_begin`, or that of a test, once more where data of unknown length ends; no "
        "`on_train_batch_end` follows.",
        "calls it only if there is a batch.",
        "A callback that counts batches, or sets something by them, counts right.",
        (HERE + "test_no_batch_begins_without_data",),
    ),
    Difference(
        "numbers-of-last-calls",
        "The last call of several steps tells how many there were",
        "gives `on_train_batch_end` the number of the last batch that the call could have had: with "
        "`steps_per_execution=2` and three batches, 1 and 3.",
        "gives the number of the last batch that it had: 1 and 2.",
        "There is no batch of number 3.",
        (HERE + "test_the_last_call_of_several_steps_tells_the_number_of_its_last_batch",),
    ),
    Difference(
        "steps-of-an-execution",
        "Steps end where they were asked to",
        "runs up to the next multiple of `steps_per_execution`: `steps_per_epoch=3` with `steps_per_execution=2` makes "
        "four steps.",
        "makes three. So it is with `steps` and `validation_steps`.",
        "`steps_per_execution` is there for speed.",
        (HERE + "test_steps_end_where_they_were_asked_to",),
    ),
    Difference(
        "compiling-in-a-callback",
        "A callback may compile the model anew",
        "stops with a `TypeError`, as it has no function to train with any more.",
        "goes on as compiled.",
        "It is the way to change the loss or the optimizer in the course of a training.",
        ("tests/training/test_changes_of_the_model.py::test_a_model_that_is_compiled_anew_trains_on_as_compiled",),
    ),
    Difference(
        "own-evaluate",
        "An `evaluate` of your own is called with public arguments only",
        "validates by the `evaluate` of a subclass, and gives it the argument `_use_cached_eval_dataset` too, which it "
        "has to take.",
        "validates by it as well, and gives it the public arguments only.",
        "The signature of `keras.Model.evaluate` is enough.",
        (
            "tests/training/test_changes_of_the_model.py::test_validation_calls_the_evaluate_of_a_subclass",
            HERE + "test_an_evaluate_of_the_users_own_needs_no_private_argument",
        ),
    ),
    Difference(
        "memory",
        "Memory of models that are gone is given back",
        "keeps the graphs of each model that was trained in a process, more than 4 MB of a small one.",
        "lets go of them with the model.",
        "Searches and cross-validations train hundreds of models in a process.",
        (
            "tests/training/test_memory.py::test_model_and_graphs_are_gone_after_it_is_forgotten",
            "tests/training/test_memory.py::test_memory_grows_by_a_small_part_of_what_keras_own_fit_keeps",
        ),
    ),
)
