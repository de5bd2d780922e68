"""Known differences in losses, metrics and logs."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

EVALUATING = "tests/training/test_evaluate_loop.py::"
MEASURES = "tests/training/test_corrected_logs.py::"
HERE = "tests/conformance/test_differences.py::"

LOSSES_AND_METRICS = (
    Difference(
        "losses-of-outputs",
        "Losses of several outputs are means over examples",
        "averages the loss of each output (`<output>_loss`) over batches: a small last batch counts as much as a "
        "full one, and the losses of the outputs do not add up to `loss`, which is a mean over examples. With "
        "`run_eagerly`, Keras averages them over examples.",
        "always averages them over examples, so that with their weights and the losses of regularizers they add "
        "up to `loss`.",
        "A number should not depend on how the examples are divided into batches, or on `run_eagerly`. With "
        "batches of equal size there is no difference.",
        (
            MEASURES + "test_losses_of_outputs_add_up_to_the_whole_in_a_short_last_batch",
            MEASURES + "test_losses_of_outputs_are_those_that_keras_tells_where_it_knows_the_size_of_batches",
        ),
    ),
    Difference(
        "metrics-of-logits",
        "Metrics given by name are measured on probabilities",
        'turns `metrics=["accuracy"]` into a `BinaryAccuracy` with the threshold 0.5, and passes it the model\'s '
        "output. If the loss has `from_logits=True`, the output is a logit, and the threshold of 0.5 means a "
        'probability of 0.62. The same applies to `"auc"`, `"precision"`, `"recall"` and losses as metrics, such '
        'as `"bce"`.',
        "passes the probability instead of the logit to metrics that Keras made from a name. Metrics that you "
        "made yourself, such as `keras.metrics.BinaryAccuracy()`, get the model's output, as in Keras.",
        "Nobody who writes `accuracy` means a threshold of 0.62.",
        (
            MEASURES + "test_metrics_by_name_of_binary_logits_are_those_of_probabilities",
            MEASURES + "test_metrics_by_name_of_logits_of_classes_are_those_of_probabilities",
            MEASURES + "test_metrics_of_the_users_own_are_left_as_they_are",
        ),
    ),
    Difference(
        "epochs-of-no-steps",
        "An epoch without a batch logs nothing",
        "logs a loss of 0 for an epoch that had no batch left. `EarlyStopping` and `ModelCheckpoint` treat it as "
        "the best epoch of all.",
        "logs no value for it.",
        "A value that was not measured should not be logged.",
        (HERE + "test_an_epoch_without_a_batch_logs_nothing",),
    ),
    Difference(
        "logs-of-steps",
        "Your own `train_step` or `test_step` may return nothing",
        "fails with a TensorFlow error about the attribute `Toutput_types` if such a step returns `{}` or `None`.",
        "accepts `{}` as no values, so that the history is empty, and `None` as the model's metrics. Anything "
        "else but a dict is refused with a message that names the step.",
        "A step without logs is a valid step.",
        (
            HERE + "test_a_step_may_log_nothing",
            EVALUATING + "test_step_without_logs_leaves_those_of_the_metrics",
            EVALUATING + "test_logs_that_are_no_dict_are_refused_by_the_name_of_the_step",
        ),
    ),
)
