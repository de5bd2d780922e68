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
        "averages the loss of each output (`<output>_loss`) over batches: a small last batch counts as much as a full "
        "one, and the losses of the outputs do not add up to `loss`, which is a mean over examples. Run eagerly, Keras "
        "averages them over examples.",
        "always averages them over examples, so that they add up to `loss` with their weights and the losses of "
        "regularizers.",
        "A number should not depend on how the examples fall into batches, nor on `run_eagerly`. With batches of one "
        "size there is no difference.",
        (
            MEASURES + "test_losses_of_outputs_add_up_to_the_whole_in_a_short_last_batch",
            MEASURES + "test_losses_of_outputs_are_those_that_keras_tells_where_it_knows_the_size_of_batches",
        ),
    ),
    Difference(
        "metrics-of-logits",
        "Metrics given by name are measured on probabilities",
        'makes of `metrics=["accuracy"]` a `BinaryAccuracy` with the threshold 0.5, and gives it what the model gives. '
        "If the loss has `from_logits=True`, that is a logit, and the threshold of 0.5 is one of the probability 0.62. "
        'So it is with `"auc"`, `"precision"`, `"recall"` and losses as metrics, such as `"bce"`.',
        "gives metrics that Keras made of a name the probability of the logit. Metrics that you made yourself, such as "
        "`keras.metrics.BinaryAccuracy()`, get what the model gives, as in Keras.",
        "Nobody who writes `accuracy` means that of the probability 0.62.",
        (
            MEASURES + "test_metrics_by_name_of_binary_logits_are_those_of_probabilities",
            MEASURES + "test_metrics_by_name_of_logits_of_classes_are_those_of_probabilities",
            MEASURES + "test_metrics_of_the_users_own_are_left_as_they_are",
        ),
    ),
    Difference(
        "epochs-of-no-steps",
        "An epoch without a batch logs nothing",
        "logs a loss of 0 for an epoch for which the data had no batch left, which `EarlyStopping` and "
        "`ModelCheckpoint` take for the best of all.",
        "logs no value for it.",
        "What was not measured has no value.",
        (HERE + "test_an_epoch_without_a_batch_logs_nothing",),
    ),
    Difference(
        "logs-of-steps",
        "A `train_step` or `test_step` of your own may return nothing",
        "stops with an error of TensorFlow about the attribute `Toutput_types` if such a step returns `{}` or `None`.",
        "takes `{}` for no values, so that the history is empty, and `None` for the metrics of the model. Other things "
        "than a dict are refused in a line that names the step.",
        "A step that logs nothing is a step.",
        (
            HERE + "test_a_step_may_log_nothing",
            EVALUATING + "test_step_without_logs_leaves_those_of_the_metrics",
            EVALUATING + "test_logs_that_are_no_dict_are_refused_by_the_name_of_the_step",
        ),
    ),
)
