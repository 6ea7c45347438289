"""The one file of `language.chat` that knows of torch, and only when a local model is opened."""

import importlib
import importlib.util
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from bowerbird.errors import LanguageError
from bowerbird.language.chat.constrained import JsonMask, tokens_of
from bowerbird.language.chat.schemas import told
from bowerbird.language.tokens import clean
from bowerbird.types import Prompt

NEEDS = ("torch", "transformers")
ASKED_FOR = 600.0
"""Seconds after which a listener of a stream gives up waiting for the next piece."""

logger = logging.getLogger(__name__)


def require(model: str, *, gguf: bool) -> None:
    """raises  LanguageError that says what to install, if it is not."""
    needs = (*NEEDS, "gguf") if gguf else NEEDS
    if missing := [name for name in needs if importlib.util.find_spec(name) is None]:
        raise LanguageError(f"chat model {model!r}: needs {' and '.join(missing)}; pip install 'bowerbird[chat]'")


@dataclass(frozen=True, eq=False)
class LocalChat:
    """Answers with a causal language model, one prompt after another, so that an answer does not depend on what else is asked.

    model, tokenizer   of transformers
    max_context        tokens of a prompt and its answer together
    threads            cores to use
    """

    name: str
    model: Any
    tokenizer: Any
    max_context: int
    threads: int

    def complete(self, prompts: Sequence[Prompt]) -> list[str]:
        """One answer for each prompt.

        raises  LanguageError if a prompt and its answer are longer than the model can read
        cost    a model of 135M parameters reads about 200 tokens and writes about 10 in a second of one core
        """
        return [self._answer(prompt) for prompt in prompts]

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """The pieces of one answer as they come.

        raises  as `complete`
        """
        transformers = importlib.import_module("transformers")
        ids = self._ids(prompt)
        pieces = transformers.TextIteratorStreamer(self.tokenizer, skip_prompt=True, timeout=ASKED_FOR, skip_special_tokens=True)
        with ThreadPoolExecutor(1, "chat") as pool:
            speaker = pool.submit(self._generate, prompt, ids, pieces)
            speaker.add_done_callback(lambda _: pieces.end())
            yield from (piece for piece in pieces if piece)
            speaker.result()

    def _answer(self, prompt: Prompt) -> str:
        ids = self._ids(prompt)
        written = self._generate(prompt, ids, None)
        return str(self.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True)).strip()

    def _generate(self, prompt: Prompt, ids: Any, streamer: Any) -> Any:
        torch = importlib.import_module("torch")
        options: dict[str, Any] = {
            "do_sample": prompt.temperature > 0,
            "temperature": prompt.temperature or None,
            "top_p": None,
            "top_k": None,
        }
        if prompt.schema is not None and self._json_tokens is not None:
            options["logits_processor"] = [JsonMask(self._json_tokens, prompt.schema, ids.shape[1])]
        with self._turn, torch.inference_mode():
            torch.set_num_threads(self.threads)
            return self.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=prompt.max_tokens,
                pad_token_id=self.tokenizer.pad_token_id if self.tokenizer.pad_token_id is not None else self.tokenizer.eos_token_id,
                streamer=streamer,
                **options,
            )

    def _ids(self, prompt: Prompt) -> Any:
        """(1, n) token numbers of the whole talk, by the model's own template."""
        constrained = prompt.schema is not None
        talk = [{"role": message.role, "content": self._plain(message.text)} for message in prompt.messages]
        system = told(prompt) if constrained else prompt.system
        if system:
            talk = [{"role": "system", "content": self._plain(system)}, *talk]
        if self.tokenizer.chat_template:
            text = self.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        else:
            text = "\n\n".join(turn["content"] for turn in talk) + "\n\n"
        ids = self.tokenizer(text, return_tensors="pt", add_special_tokens=not self.tokenizer.chat_template)["input_ids"]
        if ids.shape[1] + prompt.max_tokens > self.max_context:
            raise LanguageError(
                f"chat model {self.name}: a prompt and its answer must have at most {self.max_context} tokens, "
                f"got {ids.shape[1]} and {prompt.max_tokens}"
            )
        return ids

    def _plain(self, text: str) -> str:
        """The text without the model's own marks, so that no data can open a turn."""
        said = clean(text)
        for mark in self._marks:
            said = said.replace(mark, " ")
        return said

    @cached_property
    def _marks(self) -> list[str]:
        added = [str(token) for token in self.tokenizer.get_added_vocab()]
        return sorted({*added, *map(str, self.tokenizer.all_special_tokens)} - {"", " ", "\n"}, key=len, reverse=True)

    @cached_property
    def _json_tokens(self) -> Any:
        """What holds an answer to a schema; None where `llguidance` is missing, and the schema is only told."""
        return tokens_of(self.tokenizer, self.model.config.vocab_size)

    @cached_property
    def _turn(self) -> Lock:
        return Lock()


def load(folder: Path, gguf_file: str | None, name: str, max_context: int | None, threads: int) -> LocalChat:
    """Open a folder with a causal language model; weights are read from safetensors or GGUF, and nothing in it is run as a program.

    raises  LanguageError if transformers cannot load it
    """
    torch, transformers = (importlib.import_module(name) for name in NEEDS)
    torch.set_num_threads(threads)
    source: dict[str, Any] = {"gguf_file": gguf_file} if gguf_file else {"use_safetensors": True}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, **({"gguf_file": gguf_file} if gguf_file else {})
        )
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32, **source)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, ImportError, AttributeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LanguageError(f"chat model {folder}: transformers cannot load it ({first:.200})") from None
    limit = int(getattr(model.config, "max_position_embeddings", None) or 2048)
    return LocalChat(name, model.eval(), tokenizer, min(max_context or limit, limit), threads)
