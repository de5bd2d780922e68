"""Known differences in steps, calls of callbacks, and models."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

HERE = "tests/conformance/test_differences.py::"

CALLS = (
    Difference(
        "batches-begun-without-data",
        "No batch begins without data",
        "calls `on_train_batch_begin` or `on_test_batch_begin` once more when data of unknown length ends, "
        "without a matching end call.",
        "calls it only if there is a batch.",
        "A callback that counts batches then counts correctly.",
        (HERE + "test_no_batch_begins_without_data",),
    ),
    Difference(
        "numbers-of-last-calls",
        "The last call of several steps has the number of its last batch",
        "passes `on_train_batch_end` the number of the last batch that the call could have had: with "
        "`steps_per_execution=2` and three batches, 1 and 3.",
        "passes the number of the last batch that it had: 1 and 2.",
        "There is no batch number 3.",
        (HERE + "test_the_last_call_of_several_steps_tells_the_number_of_its_last_batch",),
    ),
    Difference(
        "steps-of-an-execution",
        "Training runs exactly the requested number of steps",
        "rounds up to the next multiple of `steps_per_execution`: `steps_per_epoch=3` with "
        "`steps_per_execution=2` runs four steps.",
        "runs three. The same applies to `steps` and `validation_steps`.",
        "`steps_per_execution` is meant to affect only the speed.",
        (HERE + "test_steps_end_where_they_were_asked_to",),
    ),
    Difference(
        "compiling-in-a-callback",
        "A callback may compile the model again",
        "fails with a `TypeError`, because the model no longer has a training function.",
        "continues with the new compilation.",
        "This is how to change the loss or the optimizer during training.",
        ("tests/training/test_changes_of_the_model.py::test_a_model_that_is_compiled_anew_trains_on_as_compiled",),
    ),
    Difference(
        "own-evaluate",
        "Your own `evaluate` gets only public arguments",
        "validates with the `evaluate` method of a subclass, and also passes it the argument "
        "`_use_cached_eval_dataset`, which it must accept.",
        "validates with it as well, but passes only the public arguments.",
        "The signature of `keras.Model.evaluate` is enough.",
        (
            "tests/training/test_changes_of_the_model.py::test_validation_calls_the_evaluate_of_a_subclass",
            HERE + "test_an_evaluate_of_the_users_own_needs_no_private_argument",
        ),
    ),
    Difference(
        "memory",
        "The memory of deleted models is freed",
        "keeps the graphs of every model that was trained in a process, more than 4 MB for a small one.",
        "frees them together with the model.",
        "Searches and cross-validations train hundreds of models in one process.",
        (
            "tests/training/test_memory.py::test_model_and_graphs_are_gone_after_it_is_forgotten",
            "tests/training/test_memory.py::test_memory_grows_by_a_small_part_of_what_keras_own_fit_keeps",
        ),
    ),
)
