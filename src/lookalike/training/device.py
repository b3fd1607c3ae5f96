"""Where and in which arithmetic to compute."""

import ctypes
import platform
import sys
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


@dataclass(frozen=True, slots=True)
class Compute:
    """A device, and whether it computes bf16 natively."""

    device: torch.device
    low_precision: bool

    @property
    def clause(self) -> str:
        """For people, such as "cpu in bf16"."""
        return f"{self.device.type} in {'bf16' if self.low_precision else 'fp32'}"


def choose_compute() -> Compute:
    """A GPU where there is one, else the CPU; bf16 where it is native."""
    if torch.cuda.is_available():
        return Compute(torch.device("cuda"), torch.cuda.is_bf16_supported())
    if torch.backends.mps.is_available():
        return Compute(torch.device("mps"), low_precision=False)
    return Compute(torch.device("cpu"), _cpu_has_bf16())


def keep_memory() -> None:
    """Keep freed memory in the process (glibc only).

    By default every large tensor that is freed goes back to the system and its pages are fetched
    anew for the next one: measured on two cores, a training step took 2.6 times as long.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_MAX, 0)
    libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(_M_TOP_PAD, 256 * 2**20)


def prefer_fast_depthwise(module: nn.Module) -> None:
    """Compute depthwise convolutions on the CPU in fp32.

    Their bf16 gradients have no fast path there: for 768 channels, stride 2, a step of one such
    layer took 387 ms in bf16 and 22 ms in fp32 (64 pictures, two cores).
    """
    for part in module.modules():
        if type(part) is nn.Conv2d and part.groups > 1 and part.groups == part.in_channels:
            part.__class__ = _FullPrecisionConv2d


class _FullPrecisionConv2d(nn.Conv2d):
    """A convolution that autocast leaves alone; its result is rounded as its input was."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name torch gives it
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float()).to(input.dtype)


def _cpu_has_bf16() -> bool:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith("flags")), "").split()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags
