"""lookalike --version: what a report of a fault needs to know."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from lookalike import __version__

_PACKAGES = (
    *("numpy", "pillow", "openvino", "faiss-cpu", "onnxruntime", "huggingface_hub", "fastapi"),
    *("uvicorn", "click", "filelock", "watchfiles", "tokenizers", "pi-heif", "imagecodecs"),
    *("rawpy", "av", "pyarrow", "pymilvus", "ray", "fsspec", "torch", "timm"),
)


def versions() -> str:
    """Lookalike's version, then a line for the system, Python, and each package that is there."""
    from lookalike.store.local.schema import SQLITE_VERSION

    lines = [
        f"lookalike {__version__}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        f"python {platform.python_version()} ({sys.executable})",
        f"sqlite {SQLITE_VERSION}",
        f"encoding {sys.stdout.encoding}, of file names {sys.getfilesystemencoding()}",
    ]
    for package in _PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return "\n".join(lines)
