"""torchvision, beside any build of PyTorch: `from vision import torchvision`."""

import torch

try:
    import torchvision
except RuntimeError:
    # PyPI's torchvision is built for the default torch; beside another build (without CUDA) its
    # operators do not load, and the import misses two that it refers to. Data sets need none of them.
    operators = torch.library.Library("torchvision", "DEF")
    for name in "nms", "qnms":
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

__all__ = ["torchvision"]
