"""lookalike --version: what a report of a fault needs to know."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from lookalike import __version__

_PACKAGES = (
    *("numpy", "pillow", "openvino", "faiss-cpu", "onnxruntime", "huggingface_hub", "fastapi"),
    *("uvicorn", "click", "watchfiles", "pi-heif", "imagecodecs", "rawpy", "pyarrow", "torch"),
)


def versions() -> str:
    """Lookalike's version, then a line for the system, Python, and each package that is there."""
    lines = [
        f"lookalike {__version__}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"python {platform.python_version()} ({sys.executable})",
    ]
    for package in _PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return "\n".join(lines)
