"""How the shipped MiniLM file was chosen: likeness to float32, speed, and what it does to recommendations.

    python benchmarks/encoder.py --fp32 FOLDER [--office FOLDER] [--texts 2000] [--max-chars 300 600]

--fp32       upstream's all-MiniLM-L6-v2 (tools/make_minilm.py says where it is); the candidates are made from it. Needs `onnx`.
--office     Amazon Office as `events.csv` and `items.jsonl`: half of the texts come from it, and the table of new items
--max-chars  lengths of item texts to compare in that table; the longest is also that of the texts above

Speeds are per CPU second in one thread, so other work on the machine changes them little.
"""

import argparse
import importlib.util
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bowerbird.data import Catalogue, DataSettings, clean, read, sample_path
from bowerbird.language import MiniLm, OnnxEncoder, TextSettings, item_texts
from bowerbird.language.embedded import FOLDER
from bowerbird.language.onnx import open_session

DECAYS = (1.0, 0.7, 0.4)
SHIPPED = "int8 weights in blocks of 64, float32 sums (shipped)"
Vectors = NDArray[np.float32]


def catalogue_of(events: Path, items: Path | None, settings: DataSettings) -> Catalogue:
    return clean(read(events, items, settings), settings).catalogue


def texts_to_read(office: Catalogue | None, n: int, max_chars: int) -> list[str]:
    """n item texts, half films and half office products, drawn with one seed."""
    films = catalogue_of(sample_path(), None, DataSettings(format="movielens"))
    rng = np.random.default_rng(0)
    pools = [item_texts(shelf.frame, TextSettings(max_chars=max_chars)) for shelf in (films, office) if shelf is not None]
    return [pool[at] for pool in pools for at in rng.choice(len(pool), n // len(pools), replace=False)]


def tool() -> ModuleType:
    """tools/make_minilm.py as a module."""
    spec = importlib.util.spec_from_file_location("make_minilm", Path(__file__).parents[1] / "tools" / "make_minilm.py")
    if spec is None or spec.loader is None:
        raise SystemExit("tools/make_minilm.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def candidates(source: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of each way to keep the weights; float32 first."""
    import onnx  # noqa: PLC0415  the caller has looked whether it is there
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer  # noqa: PLC0415

    maker = tool()
    weights = maker.source(source)
    for name, kept in (("float32", "fp32"), ("int8 word table, float32 matrices", "int8 tables")):
        onnx.save(maker.build(weights, kept), work / f"{kept}.onnx")
        yield name, work / f"{kept}.onnx"
    yield SHIPPED, FOLDER / "model.onnx"
    ways = {
        "dynamic int8": ("fp32", {}),
        "dynamic int8, a scale a column": ("fp32", {"per_channel": True}),
        "dynamic int8, a scale a column, 7 bits": ("fp32", {"per_channel": True, "reduce_range": True}),
        "dynamic int8 matrices, 7 bits; word table as shipped": (
            "int8 tables",
            {"per_channel": True, "reduce_range": True, "op_types_to_quantize": ["MatMul"]},
        ),
    }
    for name, (base, options) in ways.items():
        path = work / f"{len(name)}.onnx"
        quantize_dynamic(work / f"{base}.onnx", path, weight_type=QuantType.QInt8, **options)
        yield name, path
    for block in (32, 128):
        maker_of_blocks = MatMulNBitsQuantizer(onnx.load(work / "int8 tables.onnx"), bits=8, block_size=block, accuracy_level=4)
        maker_of_blocks.process()
        path = work / f"blocks{block}.onnx"
        maker_of_blocks.model.save_model_to_file(str(path))
        yield f"MatMulNBits, blocks of {block}, int8 sums", path


def opened(path: Path) -> OnnxEncoder:
    """MiniLM with another file of weights, in one thread."""
    return replace(MiniLm().open(threads=1), session=open_session(path))


def cosines(a: Vectors, b: Vectors) -> NDArray[np.float64]:
    return np.einsum("nd,nd->n", a.astype(np.float64), b.astype(np.float64))


def compare(source: Path, texts: Sequence[str], work: Path) -> dict[str, Path]:
    """Print the table of candidates; gives the files of float32 and of what ships."""
    tokens = sum(len(one.ids) for one in MiniLm().open(threads=1).tokenizer.encode_batch(list(texts)))
    print(f"{len(texts)} texts of {tokens / len(texts):.0f} tokens on average; mean and least cosine to float32;")
    print("alone = least cosine of a text's vector, read alone, to its vector out of a batch")
    print(f"{'':54} {'MB':>5} {'mean':>8} {'least':>8} {'alone':>8} {'texts/s':>8} {'tokens/s':>9}")
    files: dict[str, Path] = {}
    exact: Vectors | None = None
    for name, path in candidates(source, work):
        encoder = opened(path)
        encoder.encode(texts[:64])
        start = time.process_time()
        vectors = encoder.encode(texts)
        seconds = time.process_time() - start
        exact = vectors if exact is None else exact
        files[name] = path
        like = cosines(vectors, exact)
        few = range(0, len(texts), max(1, len(texts) // 100))
        alone = cosines(np.concatenate([encoder.encode([texts[at]]) for at in few]), vectors[list(few)])
        megabytes = path.stat().st_size / 1e6
        print(
            f"{name:54} {megabytes:5.1f} {like.mean():8.5f} {like.min():8.5f} {alone.min():8.5f}"
            f" {len(texts) / seconds:8.0f} {tokens / seconds:9.0f}",
            flush=True,
        )
    return {"float32": files["float32"], "shipped": files[SHIPPED]}


def ranks_of_new(events: pl.DataFrame, catalogue: Catalogue, vectors: Vectors, decay: float) -> NDArray[np.int64]:
    """Of each test event whose item has no training event: its place among all items but the history, 0 = first.

    Ties go to the others. An item that is in the history already is never shown: last.
    """
    trained = set(events.filter(pl.col("split") == "train")["item"])
    places = []
    for _, one in events.sort("user", "position", maintain_order=True).group_by("user", maintain_order=True):
        numbers, splits, ids = catalogue.numbers(one["item"].to_list()), one["split"].to_list(), one["item"].to_list()
        for at in range(1, len(ids)):
            if splits[at] != "test" or ids[at] in trained:
                continue
            if numbers[at] in numbers[:at]:
                places.append(len(catalogue))
                continue
            history = numbers[:at]
            scores = vectors @ (decay ** np.arange(at - 1, -1, -1) @ vectors[history]).astype(np.float32)
            wanted = scores[numbers[at]]
            scores[history] = -np.inf
            places.append(int((scores >= wanted).sum()) - 1)
    return np.array(places, np.int64)


def effect(office: Catalogue, events: pl.DataFrame, files: dict[str, Path], lengths: Sequence[int]) -> None:
    """Print Recall@10 and NDCG@10 of new items, by the file of weights, the length of the texts and the decay of the history."""
    print("\nnew items: text vectors pooled over the history, full catalogue, Recall@10 / NDCG@10")
    print(f"{'':40} {'events':>7} " + " ".join(f"{f'decay {decay:g}':>15}" for decay in DECAYS))
    for max_chars in lengths:
        texts = item_texts(office.frame, TextSettings(max_chars=max_chars))
        tables = {name: opened(path).encode(texts) for name, path in files.items()}
        if max_chars == lengths[0]:
            tables["shipped, texts shuffled"] = tables["shipped"][np.random.default_rng(0).permutation(len(texts))]
        for name, vectors in tables.items():
            cells = []
            for decay in DECAYS:
                places = ranks_of_new(events, office, vectors, decay)
                gain = np.where(places < 10, 1 / np.log2(places + 2), 0)
                cells.append(f"{(places < 10).mean():.4f} / {gain.mean():.4f}")
            print(f"{f'{name}, {max_chars} characters':40} {len(places):7} " + " ".join(f"{cell:>15}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fp32", type=Path)
    parser.add_argument("--office", type=Path)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--max-chars", type=int, nargs="+", default=[300])
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # the quantizers tell of every node
    office = events = None
    if asked.office is None or not (asked.office / "items.jsonl").is_file():
        print("no Amazon Office (--office FOLDER with events.csv and items.jsonl): films alone, and no table of new items")
    else:
        office = catalogue_of(asked.office / "events.csv", asked.office / "items.jsonl", DataSettings())
        events = pl.read_csv(asked.office / "events.csv", schema_overrides={"item": pl.String})
    files = {"shipped": FOLDER / "model.onnx"}
    with tempfile.TemporaryDirectory() as work:
        if asked.fp32 is None or not (asked.fp32 / "model.safetensors").is_file():
            print("no float32 weights (--fp32 FOLDER with model.safetensors and tokenizer.json): candidates are not compared")
        elif any(importlib.util.find_spec(name) is None for name in ("onnx", "onnx_ir")):
            print("onnx and onnx_ir are not installed (pip install onnx onnx_ir): candidates are not compared")
        else:
            files = compare(asked.fp32, texts_to_read(office, asked.texts, max(asked.max_chars)), Path(work))
        if office is not None and events is not None:
            effect(office, events, files, asked.max_chars)


if __name__ == "__main__":
    main()
