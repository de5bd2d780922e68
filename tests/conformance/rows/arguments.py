"""Known differences in which arguments are accepted, and in what they mean."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

ARGUMENTS = "tests/training/test_arguments.py::"
KERAS_API = "tests/training/test_keras_api.py::"
HERE = "tests/conformance/test_differences.py::"

ARGUMENTS_OF_FIT = (
    Difference(
        "validation-split",
        "`validation_split` is a share from 0 to below 1",
        "also accepts 1.5 or -0.2, and then trains and validates on parts of the data that nobody asked for.",
        "refuses such a number with a `ValueError`.",
        "A mistyped share should not go unnoticed.",
        (ARGUMENTS + "test_other_values_are_refused_in_one_line",),
    ),
    Difference(
        "validation-split-of-batches",
        "`validation_split` works with batches",
        "refuses it for anything but arrays and tensors.",
        "holds out the last batches of a `tf.data.Dataset` or a `PyDataset` of known length, and warns if the "
        "dataset is reshuffled in each pass, because the two parts then share examples.",
        "Users often ask for it, and it has only one meaning.",
        (
            KERAS_API + "test_validation_split_of_batches_takes_the_last_ones",
            KERAS_API + "test_a_validation_split_of_a_dataset_that_is_shuffled_anew_warns",
        ),
    ),
    Difference(
        "texts",
        "Texts for `shuffle` and `verbose`",
        'treats any text for `shuffle` as `True`, even `"False"`, and any text for `verbose` as a verbosity that '
        "prints something.",
        'accepts `"batch"` for `shuffle` and `"auto"` for `verbose`, as Keras does, and refuses other texts with '
        "a `ValueError`.",
        "A text from a command line or a file should not mean its opposite.",
        (ARGUMENTS + "test_other_values_are_refused_in_one_line",),
    ),
    Difference(
        "validation-freq",
        "`validation_freq` may be any collection of epochs",
        "accepts a list of epochs, but refuses a tuple, a set, a range or an array. With a list that does not "
        'contain numbers, such as `["1"]`, it never validates.',
        "accepts all of them, and refuses a collection that does not contain whole numbers with a `ValueError`.",
        "A mistyped list should not lead to a training without validation.",
        (
            ARGUMENTS + "test_epochs_to_validate_after_may_be_of_any_collection",
            ARGUMENTS + "test_other_values_are_refused_in_one_line",
        ),
    ),
    Difference(
        "wrong-types",
        "Errors name the argument",
        'names neither the argument nor the expected value. For `y=[0, 1]` it says "Unrecognized data type: x=" '
        "and prints all of `x`, for `epochs=2.0` \"'float' object cannot be interpreted as an integer\", and for "
        '`batch_size=-1` "Invalid value in tensor used for shape: -12".',
        "refuses such values before anything runs, with a `TypeError` or `ValueError` that names the argument, "
        "what was found and what was expected.",
        "The first message tells you what to change.",
        (
            ARGUMENTS + "test_other_values_are_refused_in_one_line",
            ARGUMENTS + "test_evaluation_and_prediction_check_theirs_too",
            KERAS_API + "test_plain_lists_which_keras_refuses_are_told_in_a_line",
        ),
    ),
    Difference(
        "numpy-booleans",
        "NumPy's booleans count as Python's",
        "treats `True` as the number 1 in `epochs`, `initial_epoch` and `steps_per_epoch`, but refuses `np.True_`.",
        "accepts both.",
        "They look the same and mean the same.",
        (HERE + "test_booleans_of_numpy_count_as_those_of_python",),
    ),
    Difference(
        "class-weights-of-outputs",
        "`class_weight` for several outputs and for unknown outputs",
        "refuses class weights for models with several outputs. For one output, it accepts keys that are not "
        "class ids, such as the name of an output or the texts of a JSON file, and then trains without weights.",
        'accepts a dict of class weights by output, as in `class_weight={"kind": {0: 1.0, 1: 2.0}}`, and refuses '
        "the name of an output that does not exist.",
        "Given weights should either count or be refused.",
        (
            KERAS_API + "test_class_weights_of_several_outputs_are_those_computed_by_hand",
            ARGUMENTS + "test_class_weights_by_output_of_a_model_with_one_output_name_what_is_right",
            KERAS_API + "test_class_weights_of_what_is_no_class_are_refused",
        ),
    ),
    Difference(
        "class-weights-of-data",
        "`class_weight` means the same for all data",
        "gives classes missing from the dict the weight 1, but fails with a TensorFlow error if the data is a "
        "`tf.data.Dataset` and a class id is larger than the largest one in the dict. It refuses class weights "
        "for Python generators. For targets with a class id at each position, it makes weights of the wrong "
        "shape.",
        "gives such classes the weight 1 for all data, accepts class weights for generators, and gives each "
        "position the weight of its class.",
        "The form of the data should not matter.",
        (HERE + "test_class_weights_mean_the_same_for_all_data",),
    ),
    Difference(
        "validation-sets",
        "Several validation sets have their own argument",
        "accepts one set in `validation_data`, where a dict means inputs by name. A dict of sets leads to an "
        "error inside the model.",
        "gives `validation_data` the same meaning. It refuses a dict of sets there with a message that names "
        "`validation_sets`, which accepts sets by name and logs `val_<name>_<metric>`.",
        "Everything that works in Keras keeps its meaning.",
        (
            "tests/training/test_validation_sets.py::test_validation_data_of_inputs_by_name_without_targets_is_one_set",
            "tests/training/test_validation_sets.py::test_what_is_no_set_is_refused_by_its_name",
        ),
    ),
)
