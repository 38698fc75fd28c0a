"""Peers of `gyra bench`: the paper's layers and networks in PyTorch and e3nn, restated from the paper and the formulas of e3nn_Unet, for timing only.

Prints versions and settings as one line; then reads one row id a line, runs it once and prints {"id", "ms", "layout"} as one line.
Everything is float32. A row's first run is timed in both memory layouts, contiguous and channels-last, each after a warm-up on a smaller volume; the faster one is given and kept.
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from e3nn import o3
from e3nn.math import soft_one_hot_linspace
from e3nn.nn import BatchNorm, Gate
from e3nn.o3 import FullyConnectedTensorProduct, Linear
from torch import nn

torch.set_num_threads(int(os.environ["GYRA_PEER_THREADS"]))
torch.manual_seed(0)
# as in training code: results need not repeat to the bit
torch.use_deterministic_algorithms(False)


class SteerableConvolution(nn.Module):
    """Kernel assembled by e3nn's tensor product at the lattice's taps, then conv3d (the authors' way); self-connection by Linear."""

    layout = torch.contiguous_format

    def __init__(self, irreps_in, irreps_out, diameter=5, functions=5):
        super().__init__()
        irreps_sh = o3.Irreps.spherical_harmonics(2, p=1)
        self.sc = Linear(irreps_in, irreps_out)
        self.tp = FullyConnectedTensorProduct(irreps_in, irreps_sh, irreps_out, shared_weights=False, compile_left_right=False, compile_right=True)
        self.weight = nn.Parameter(torch.randn(functions, self.tp.weight_numel))
        steps = torch.arange(-(diameter // 2), diameter // 2 + 1.0)
        lattice = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), dim=-1)
        basis = soft_one_hot_linspace(lattice.norm(dim=-1), 0.0, diameter / 2, functions, basis="smooth_finite", cutoff=True)
        self.register_buffer("basis", basis)
        self.register_buffer("sh", o3.spherical_harmonics(irreps_sh, lattice, True, "component"))
        self.padding = diameter // 2

    def kernel(self):
        weight = self.basis @ self.weight / self.basis.shape[0] ** 3
        return torch.einsum("xyzio->oixyz", self.tp.right(self.sh, weight))

    def forward(self, x):
        sc = self.sc(x.movedim(1, -1)).movedim(-1, 1)
        x = x.contiguous(memory_format=self.layout)
        return F.conv3d(x, self.kernel().contiguous(memory_format=self.layout), padding=self.padding) + sc


class ChannelsLast(nn.Module):
    """e3nn's norm and gate work on the last axis."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.movedim(1, -1)).movedim(-1, 1)


class SteerableBlock(nn.Sequential):
    def __init__(self, irreps_in, irreps):
        scalars = o3.Irreps([(m, ir) for m, ir in irreps if ir.l == 0])
        gated = o3.Irreps([(m, ir) for m, ir in irreps if ir.l > 0])
        gates = o3.Irreps([(gated.num_irreps, "0e")])

        def layers(before):
            gate = Gate(scalars, [torch.relu], gates, [torch.sigmoid], gated)
            return [SteerableConvolution(before, gate.irreps_in), ChannelsLast(BatchNorm(gate.irreps_in, instance=True)), ChannelsLast(gate)]

        super().__init__(*layers(irreps_in), *layers(irreps))


class PoolByNorm(nn.Module):
    def __init__(self, irreps):
        super().__init__()
        self.irreps = irreps

    def forward(self, x):
        parts = []
        for (m, ir), s in zip(self.irreps, self.irreps.slices()):
            part = x[:, s]
            if ir.l == 0:
                parts.append(F.max_pool3d(part, 2))
                continue
            copies = part.reshape(part.shape[0], m, ir.dim, *part.shape[2:])
            _, at = F.max_pool3d_with_indices(copies.detach().square().sum(2), 2)
            index = at.flatten(2).unsqueeze(2).expand(-1, -1, ir.dim, -1)
            parts.append(copies.flatten(3).gather(3, index).reshape(part.shape[0], m * ir.dim, *at.shape[2:]))
        return torch.cat(parts, 1)


class OrdinaryBlock(nn.Sequential):
    def __init__(self, before, width):
        def layers(c):
            return [nn.Conv3d(c, width, 5, padding=2, bias=False), nn.InstanceNorm3d(width, affine=True), nn.LeakyReLU(0.01, inplace=True)]

        super().__init__(*layers(before), *layers(width))


class UNet(nn.Module):
    def __init__(self, block, pool, widths, first, out):
        super().__init__()
        self.down = nn.ModuleList(block(before, width) for before, width in zip([first, *widths[:-1]], widths))
        self.pool = nn.ModuleList(pool(width) for width in widths[:-1])
        self.up = nn.ModuleList(block(below + width, width) for below, width in zip(widths[1:], widths[:-1]))
        self.out = out

    def forward(self, x):
        skips = []
        for level, down in enumerate(self.down):
            x = down(x if level == 0 else self.pool[level - 1](x))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = F.interpolate(x, scale_factor=2, mode="trilinear", align_corners=True)
            x = self.up[level](torch.cat([x, skips[level]], 1))
        return self.out(x)


def steerable_unet(inputs=1, outputs=3, poolings=3):
    widths = [o3.Irreps(f"{8 * 2**i}x0e+{4 * 2**i}x1e+{2 * 2**i}x2e") for i in range(poolings + 1)]
    return UNet(SteerableBlock, PoolByNorm, widths, o3.Irreps(f"{inputs}x0e"), ChannelsLast(Linear(widths[0], f"{outputs}x0e")))


def ordinary_unet(inputs=1, outputs=3, poolings=3, features=30):
    widths = [features * 2**i for i in range(poolings + 1)]
    return UNet(OrdinaryBlock, lambda _: nn.MaxPool3d(2), widths, inputs, nn.Conv3d(features, outputs, 1))


def loss(logits, labels):
    """Cross-entropy and soft Dice over the foreground, as `gyra train`."""
    p = logits.softmax(1)[:, 1:]
    g = F.one_hot(labels, logits.shape[1]).movedim(-1, 1)[:, 1:].float()
    axes = (0, 2, 3, 4)
    dice = (2 * (p * g).sum(axes) + 1) / (p.sum(axes) + g.sum(axes) + 1)
    return F.cross_entropy(logits, labels) + (1 - dice).mean()


def in_layout(module, layout):
    """Kernels of convolutions in this memory layout."""
    for parameter in module.parameters():
        if parameter.dim() == 5:
            parameter.data = parameter.data.contiguous(memory_format=layout)
    return module


def steerable_layer():
    return SteerableConvolution(o3.Irreps("8x0e+4x1e+2x2e"), o3.Irreps("14x0e+4x1e+2x2e"))


def ordinary_layer():
    return nn.Conv3d(30, 36, 5, padding=2, bias=False)


def convolution_row(make_layer, backward):
    def make(layout, n=48):
        layer = in_layout(make_layer(), layout)
        x = torch.randn(1, 30, n, n, n).to(memory_format=layout).requires_grad_(backward)
        dy = torch.randn(1, 36, n, n, n).to(memory_format=layout)
        if not backward:
            def forward():
                with torch.no_grad():
                    layer(x)
            return forward, lambda: None
        state = {}

        def before():
            state["y"] = layer(x)

        return lambda: torch.autograd.grad(state.pop("y"), [x, *layer.parameters()], dy), before

    return make


def step_row(network):
    def make(layout, n=64):
        net = in_layout(network(), layout)
        adam = torch.optim.Adam(net.parameters(), lr=5e-3)
        image = torch.randn(1, 1, n, n, n).to(memory_format=layout)
        labels = torch.randint(0, 3, (1, n, n, n))

        def step():
            adam.zero_grad(set_to_none=True)
            loss(net(image), labels).backward()
            adam.step()

        return step, lambda: None

    return make


def predict_row(layout, n=64):
    net = in_layout(ordinary_unet(), layout)
    image = torch.randn(1, 1, n, n, n).to(memory_format=layout)

    def predict():
        with torch.inference_mode():
            net(image).argmax(1)

    return predict, lambda: None


rows = {
    "conv/forward": convolution_row(ordinary_layer, False),
    "conv/backward": convolution_row(ordinary_layer, True),
    "steerable-conv/forward": convolution_row(steerable_layer, False),
    "steerable-conv/backward": convolution_row(steerable_layer, True),
    "steerable-unet/step": step_row(steerable_unet),
    "unet/step": step_row(ordinary_unet),
    "unet/predict": predict_row,
}
layouts = {"contiguous": torch.contiguous_format, "channels_last_3d": torch.channels_last_3d}


def timed(prepared):
    run, before = prepared
    before()
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def first_run(make):
    """The least time of the two layouts; the prepared row of the faster one; its name."""
    best = None
    for name, layout in layouts.items():
        SteerableConvolution.layout = layout
        small = make(layout, 16)
        # the first runs compile
        for _ in range(3):
            timed(small)
        prepared = make(layout)
        ms = timed(prepared)
        if best is None or ms < best[0]:
            best = (ms, prepared, name)
        del small, prepared
    SteerableConvolution.layout = layouts[best[2]]
    return best


print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "mkldnn": torch.backends.mkldnn.is_available(), "cpu": torch.backends.cpu.get_cpu_capability(), "rows": list(rows)}), flush=True)
current = None
for line in sys.stdin:
    row = line.strip()
    if current is None or current[0] != row:
        current = None  # one network in memory at a time
        ms, prepared, layout = first_run(rows[row])
        current = (row, prepared, layout)
    else:
        ms = timed(current[1])
    print(json.dumps({"id": row, "ms": ms, "layout": current[2]}), flush=True)
