"""A model by its name on the hub: fetched once, then read from the hub library's own cache."""

from pathlib import Path

from bowerbird.errors import LanguageError

SMALL = ["*.json", "*.txt", "*.model", "*.jinja", "*/config.json"]
ONNX = ["onnx/model.onnx", "onnx/model.onnx_data", "model.onnx", "model.onnx_data"]
WEIGHTS = ["*.safetensors", "*/*.safetensors", "*.py"]
SAFE = ["*.safetensors"]


def fetch(model: str, revision: str | None, weights: list[str], what: str = "encoder") -> Path:
    """The folder with the model's small files and those of `weights`; without a network, what was fetched before.

    what    names the model in an error
    raises  LanguageError if there is no such model, it is not open to this user, or there is no network and no copy here
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415  half a second that most runs need not spend
    from huggingface_hub.errors import (  # noqa: PLC0415
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    where = f"{what} {model!r}"
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=[*SMALL, *weights]))
    except GatedRepoError:
        raise LanguageError(f"{where}: the hub wants its terms accepted and a token (HF_TOKEN) first") from None
    except RevisionNotFoundError:
        raise LanguageError(f"{where}: the hub has no revision {revision!r} of it") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise LanguageError(f"{where}: no such folder, and no such model on the hub") from None
    except LocalEntryNotFoundError:
        raise LanguageError(f"{where}: no such folder, the hub cannot be reached, and it was not fetched before") from None
    except OSError as error:
        raise LanguageError(f"{where}: cannot be fetched from the hub ({str(error).splitlines()[0]:.200})") from None
