# torch, transformers
"""The peer of ./jbang bench --model: transformers.generate on the same prompts, on the CPU.

    python tests/peer/generate.py FOLDER THREADS

FOLDER holds work.json. Reads FP32 or BF16 a line, samples once in that precision and prints the tokens per second, of which none count
after the end of a completion.
"""

import json
import os
import sys
import time
import warnings

import torch

FOLDER, THREADS = sys.argv[1], int(sys.argv[2])
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")
warnings.filterwarnings("ignore")
torch.set_num_threads(THREADS)
torch.manual_seed(0)
from transformers import AutoModelForCausalLM  # noqa: E402, after the settings that it reads

WORK = json.load(open(f"{FOLDER}/work.json"))
ENDS, LONGEST = WORK["ends"], max(map(len, WORK["prompts"]))
PROMPTS = torch.tensor([[ENDS[0]] * (LONGEST - len(p)) + p for p in WORK["prompts"]])  # padded on the left
MASK = torch.tensor([[0] * (LONGEST - len(p)) + [1] * len(p) for p in WORK["prompts"]])
MODELS = {}


def generate(precision):
    if precision not in MODELS:
        dtype = torch.bfloat16 if precision == "BF16" else torch.float32
        MODELS[precision] = AutoModelForCausalLM.from_pretrained(WORK["model"], dtype=dtype).eval()
    begin = time.perf_counter()
    with torch.inference_mode():
        texts = MODELS[precision].generate(PROMPTS, attention_mask=MASK, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                                           num_return_sequences=WORK["group"], max_new_tokens=WORK["max_new_tokens"],
                                           eos_token_id=ENDS, pad_token_id=ENDS[0])
    seconds = time.perf_counter() - begin
    tokens = 0
    for row in texts[:, LONGEST:].tolist():
        tokens += next((i + 1 for i, token in enumerate(row) if token in ENDS), len(row))
    return tokens / seconds


print(f"ready {torch.__version__}", flush=True)
for line in iter(sys.stdin.readline, ""):
    print(generate(line.strip()), flush=True)
