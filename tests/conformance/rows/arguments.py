"""Known differences in what arguments are taken, and in what they mean."""

from __future__ import annotations

from tests.conformance.rows.difference import Difference

ARGUMENTS = "tests/training/test_arguments.py::"
KERAS_API = "tests/training/test_keras_api.py::"
HERE = "tests/conformance/test_differences.py::"

ARGUMENTS_OF_FIT = (
    Difference(
        "validation-split",
        "`validation_split` is a share from 0 to below 1",
        "takes 1.5 or -0.2 too, and trains and validates on parts of the data that nobody asked for.",
        "refuses such a number with a `ValueError`.",
        "A mistyped share should not go unnoticed.",
        (ARGUMENTS + "test_other_values_are_refused_in_one_line",),
    ),
    Difference(
        "validation-split-of-batches",
        "`validation_split` takes data in batches",
        "refuses it for anything but arrays and tensors.",
        "holds out the last share of the batches of a `tf.data.Dataset` or a `PyDataset` whose length is known, and "
        "warns if the dataset is shuffled anew for each pass, as the parts then share examples.",
        "It is asked for often, and has one meaning.",
        (
            KERAS_API + "test_validation_split_of_batches_takes_the_last_ones",
            KERAS_API + "test_a_validation_split_of_a_dataset_that_is_shuffled_anew_warns",
        ),
    ),
    Difference(
        "texts",
        "Texts for `shuffle` and `verbose`",
        'takes any text for `shuffle`, `"False"` too, for `True`; and any for `verbose` as a verbosity that prints '
        "something.",
        'takes `"batch"` for `shuffle` and `"auto"` for `verbose`, as Keras, and refuses other texts with a '
        "`ValueError`.",
        "A text from a command line or a file should not mean its opposite.",
        (ARGUMENTS + "test_other_values_are_refused_in_one_line",),
    ),
    Difference(
        "validation-freq",
        "`validation_freq` may be any collection of epochs",
        "takes a list of epochs, and refuses a tuple, a set, a range or an array. With a list of other things than "
        'numbers, such as `["1"]`, it never validates.',
        "takes each of them, and refuses a collection of other things than whole numbers with a `ValueError`.",
        "A training without validation should not be the answer to a mistyped list.",
        (
            ARGUMENTS + "test_epochs_to_validate_after_may_be_of_any_collection",
            ARGUMENTS + "test_other_values_are_refused_in_one_line",
        ),
    ),
    Difference(
        "wrong-types",
        "Errors name the argument",
        'names neither the argument nor a correct value: `y=[0, 1]` with "Unrecognized data type: x=" and all of `x`, '
        "`epochs=2.0` with \"'float' object cannot be interpreted as an integer\", "
        '`batch_size=-1` with "Invalid value in tensor used for shape: -12".',
        "refuses such values before anything runs, with a `TypeError` or `ValueError` that names the argument, what "
        "was found and what is expected.",
        "The first one tells what to change.",
        (
            ARGUMENTS + "test_other_values_are_refused_in_one_line",
            ARGUMENTS + "test_evaluation_and_prediction_check_theirs_too",
            KERAS_API + "test_plain_lists_which_keras_refuses_are_told_in_a_line",
        ),
    ),
    Difference(
        "numpy-booleans",
        "NumPy's booleans count as Python's",
        "takes `True` for the number 1 in `epochs`, `initial_epoch` and `steps_per_epoch`, but stops at `np.True_`.",
        "takes both.",
        "They look the same, and mean the same.",
        (HERE + "test_booleans_of_numpy_count_as_those_of_python",),
    ),
    Difference(
        "class-weights-of-outputs",
        "`class_weight` of several outputs, and of outputs that there are not",
        "refuses class weights for models of several outputs. For one output, it takes any other keys than "
        "class ids, such as the name of an output or the texts of a JSON file, and trains without weights.",
        'takes a dict of class weights by output, as in `class_weight={"kind": {0: 1.0, 1: 2.0}}`, and refuses the '
        "name of an output that there is not.",
        "Weights that were given should count, or be refused.",
        (
            KERAS_API + "test_class_weights_of_several_outputs_are_those_computed_by_hand",
            ARGUMENTS + "test_class_weights_by_output_of_a_model_with_one_output_name_what_is_right",
            KERAS_API + "test_class_weights_of_what_is_no_class_are_refused",
        ),
    ),
    Difference(
        "class-weights-of-data",
        "`class_weight` means the same for all data",
        "gives the weight 1 to classes that the dict leaves out, but stops with an error of TensorFlow if the data is "
        "a `tf.data.Dataset` and a class is larger than the largest one of the dict. It refuses class weights for "
        "Python generators. Of targets with a class id at each position, it makes weights that do not fit.",
        "gives such classes the weight 1 for all data, takes class weights for generators, and gives each position the "
        "weight of its class.",
        "The form of the data should not matter.",
        (HERE + "test_class_weights_mean_the_same_for_all_data",),
    ),
    Difference(
        "validation-sets",
        "Several validation sets have an argument of their own",
        "takes one set in `validation_data`, and a dict there for inputs by name. A dict of sets ends in an error of "
        "the model.",
        "means the same by `validation_data`, and refuses a dict of sets in a line that names `validation_sets`, which "
        "takes sets by name and logs `val_<name>_<metric>`.",
        "What Keras means stays what it is.",
        (
            "tests/training/test_validation_sets.py::test_validation_data_of_inputs_by_name_without_targets_is_one_set",
            "tests/training/test_validation_sets.py::test_what_is_no_set_is_refused_by_its_name",
        ),
    ),
)
