"""Where and how a model is trained, unless said otherwise."""

from harness.artifacts import TrainingOptions


def test_training_is_on_the_cpu_and_keeps_no_state_by_default():
    options = TrainingOptions()
    assert (options.device, options.state, options.identity, options.quiet) == ("cpu", None, "", False)
