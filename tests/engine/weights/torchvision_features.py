"""Run by a Python that has PyTorch: one of torchvision's networks with random weights, and the features that it gives.

Arguments: the network's name, the weights file to write (.pth or .safetensors), the .npz file to write.
"""

import sys

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file

name, weights, features = sys.argv[1:]
torch.manual_seed(0)
more = {"init_weights": False} if name == "googlenet" else {}
network = getattr(torchvision.models, name)(weights=None, **more).eval()
for module in network.modules():
    if isinstance(module, torch.nn.BatchNorm2d):
        for values in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
            values.copy_(torch.rand(values.shape) + 0.5)
save_file(network.state_dict(), weights) if weights.endswith("safetensors") else torch.save(
    network.state_dict(), weights
)
seen = []
network.avgpool.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0])) if hasattr(
    network, "avgpool"
) else network.features.register_forward_hook(lambda _, __, output: seen.append(output))
found = {}
for side in (224, 64, 97):
    images = torch.rand(1, 3, side, side) * 4 - 2
    with torch.no_grad():
        network(images)
    found |= {f"images{side}": images.permute(0, 2, 3, 1).numpy(), f"features{side}": seen.pop().numpy()}
np.savez(features, **found)
