"""Nothing is reported to anybody: what is imported after this does not call home.

OpenVINO and NNCF send a message to their makers with each import, through a package that both do
without where it is not to be had.
"""

import sys

if "openvino_telemetry" not in sys.modules:  # the caller's own program may have it already
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
