"""Devices by name."""

import pytest
import torch

from harness.errors import HarnessError
from harness.topk import choose_device

without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
with_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def test_cpu_is_always_there():
    assert choose_device("cpu") == "cpu"


@without_gpu
def test_auto_falls_back():
    assert choose_device("auto") == "cpu"


@without_gpu
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there_is_an_error(name):
    with pytest.raises(HarnessError, match=rf"'{name}' was asked for.*--device cpu"):
        choose_device(name)


@with_gpu
def test_gpus_by_name():
    assert choose_device("auto") == choose_device("cuda") == f"cuda:{torch.cuda.current_device()}"
    assert choose_device("cuda:0") == "cuda:0"
    with pytest.raises(HarnessError, match="does not exist"):
        choose_device("cuda:4711")


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "mps", "", "cpu:0"])
def test_unknown_names_are_errors(name):
    with pytest.raises(HarnessError, match="unknown device"):
        choose_device(name)
