"""What training starts from: a timm model, a weights file, or an encoder as ONNX."""

import os
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import timm
import torch
from torch import nn

from lookalike.encoders import BUNDLED, CATALOGUE, InputSpec, LocatedModel, locate
from lookalike.errors import EncoderError, TrainingError
from lookalike.training.convert import check_parity, from_onnx
from lookalike.types import Pixels

_WEIGHTS = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network without its last layer.

    Attributes:
        name: as a person would name it.
        body: float32 (n, 3, height, width), scaled by `input` -> (n, dimension).
        dimension: length of an embedding.
        input: size and scaling; whole pictures, stretched.
        license: of the weights, "" where it is not known.
        source: where the weights are from, one clause.
        onnx: what it was converted from, where it was.
    """

    name: str
    body: nn.Module
    dimension: int
    input: InputSpec
    license: str = ""
    source: str = ""
    onnx: LocatedModel | None = None

    def check(self, sample: Pixels) -> float | None:
        """Hold a converted backbone against its source; None where nothing was converted.

        Args:
            sample: real pictures, RGB uint8 (n, height, width, 3) of `input`.

        Raises:
            TrainingError: the conversion changed the embeddings.
        """
        return check_parity(self.body, self.onnx, sample) if self.onnx else None


def load_backbone(name: str, *, random_start: bool = False) -> Backbone:
    """Find a backbone by what a person types.

    Args:
        name: a timm model ("resnet50"); a weights file of one ("resnet50:FILE.safetensors", or
            FILE alone where its name begins with the model's); a model folder or .onnx file with
            its model.json; or an encoder that is known by name, such as compact.
        random_start: untrained weights, where a timm model's cannot be had.

    Raises:
        TrainingError: nothing is known under that name, or its weights cannot be had.
    """
    architecture, file = _parts(name)
    if file is not None:
        return _from_weights(architecture, file)
    if os.path.isdir(os.path.expanduser(name)) or name.endswith(".onnx"):
        return _from_encoder(name)
    if _known(name):
        return _from_timm(name, random_start=random_start)
    if name in BUNDLED or name in CATALOGUE:
        return _from_encoder(name)
    raise TrainingError(
        f"there is no backbone {name!r}: give a timm model name such as resnet50, "
        "MODEL:FILE.safetensors, a model folder or an .onnx file with its model.json"
    )


def _known(architecture: str) -> bool:
    return bool(timm.is_model(architecture.partition(".")[0]))


def _parts(name: str) -> tuple[str, str | None]:
    """Architecture and weights file of "MODEL:FILE" or of a bare weights file."""
    architecture, colon, file = name.partition(":")
    if colon and _known(architecture):
        return architecture, os.path.expanduser(file)
    if not name.endswith(_WEIGHTS):
        return name, None
    stem = os.path.splitext(os.path.basename(name))[0]
    for guess in (stem, stem.split("-")[0], stem.split(".")[0]):
        if _known(guess):
            return guess, os.path.expanduser(name)
    raise TrainingError(
        f"the architecture of {name} is not clear from its name; write it before the file, such "
        f"as resnet50:{name}"
    )


def _from_timm(name: str, *, random_start: bool) -> Backbone:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not random_start:
                _ask_hub(name)
            body = timm.create_model(name, pretrained=not random_start, num_classes=0)
    except RuntimeError as error:
        if "pretrained" not in str(error).lower():
            raise _unreachable(name, error) from error
        raise TrainingError(
            f"timm has no pre-trained weights for {name}; choose another backbone, give a weights "
            f"file as {name}:FILE, or ask for a random start"
        ) from error
    except Exception as error:  # a hub that cannot be reached fails in a dozen ways
        raise _unreachable(name, error) from error
    start = "random start" if random_start else "pre-trained weights of timm"
    licence = "" if random_start else str(_config(body).get("license") or "")
    return _timm_backbone(name, body, source=f"timm {name}, {start}", licence=licence)


def _ask_hub(name: str) -> None:
    """Ask once for weights that are not in the cache: timm would try for a minute before it fails.

    Raises:
        Exception: the hub cannot be reached; its client raises its HTTP library's errors as well.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError

    config = timm.get_pretrained_cfg(name)
    repo = config.hf_hub_id if config else None
    files = ("model.safetensors", "pytorch_model.bin")
    if repo and not any(isinstance(try_to_load_from_cache(repo, file), str) for file in files):
        with suppress(EntryNotFoundError):
            get_hf_file_metadata(hf_hub_url(repo, files[0]))


def _unreachable(name: str, error: Exception) -> TrainingError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return TrainingError(
        f"the pre-trained weights of {name} cannot be fetched ({reason}); connect to the hub, give "
        f"a weights file as {name}:FILE or an ONNX model by path, or ask for a random start"
    )


def _from_weights(architecture: str, file: str) -> Backbone:
    body = timm.create_model(architecture, pretrained=False, num_classes=0)
    state = _read_weights(file)
    for wrapper in ("state_dict", "model", "model_state_dict"):
        if isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    state = {key.removeprefix("module."): value for key, value in state.items()}
    heads = _config(body).get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    state = {
        key: value
        for key, value in state.items()
        if not any(key.startswith(f"{head}.") for head in heads)
    }
    try:
        body.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            f"{file} does not hold the weights of {architecture} "
            f"({' '.join(str(error).split())[:160]}); name the architecture as MODEL:{file}"
        ) from error
    source = f"timm {architecture}, weights of {os.path.basename(file)}"
    return _timm_backbone(architecture, body, source=source)


def _read_weights(file: str) -> dict[str, Any]:
    if not os.path.isfile(file):
        raise TrainingError(f"there is no weights file {file}; check the path")
    try:
        if file.endswith(".safetensors"):
            from safetensors.torch import load_file

            return dict(load_file(file))
        # weights_only: a pickle from outside could run any program.
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # both readers raise types of their own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise TrainingError(
            f"{file} holds no weights that can be read safely ({reason}); save a plain state_dict, "
            "best as .safetensors"
        ) from error
    if not isinstance(state, dict):
        raise TrainingError(f"{file} holds no state_dict; save one, best as .safetensors")
    return state


def _config(body: nn.Module) -> dict[str, Any]:
    """What timm records of a model's pre-trained weights."""
    return cast(dict[str, Any], body.pretrained_cfg or {})


def _timm_backbone(name: str, body: nn.Module, *, source: str, licence: str = "") -> Backbone:
    # timm is only half typed.
    config: dict[str, Any] = cast(Any, timm.data).resolve_model_data_config(body)
    _, height, width = config["input_size"]
    return Backbone(
        name=name,
        body=body,
        dimension=int(cast(Any, body).num_features),
        input=InputSpec(
            name="pixel_values",
            width=width,
            height=height,
            mean=_channels(config["mean"]),
            std=_channels(config["std"]),
        ),
        license=licence,
        source=source,
    )


def _channels(values: Sequence[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _from_encoder(name: str) -> Backbone:
    try:
        model = locate(name)
    except EncoderError as error:
        raise TrainingError(f"the backbone cannot be used: {error}") from error
    pixels = model.spec.input
    return Backbone(
        name=model.spec.name,
        body=from_onnx(model),
        dimension=model.spec.embedding.dimension,
        input=InputSpec(
            name="pixel_values",
            width=pixels.width,
            height=pixels.height,
            mean=pixels.mean,
            std=pixels.std,
        ),
        license=model.spec.license,
        source=model.spec.source or model.spec.name,
        onnx=model,
    )
