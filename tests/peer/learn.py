# torch, transformers, peft, trl
"""The peer of ./jbang bench --model DIR --learning: updates by PyTorch and whole steps by TRL, with adapters, on the CPU.

    python tests/peer/learn.py FOLDER THREADS

FOLDER holds work.json. Reads a word a line, does it once and prints the seconds it took: FP32 or BF16 (an update by autograd, in bf16 as
autocast does it) or step (TRL's GRPOTrainer at its defaults, which are bf16 too).
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
from peft import LoraConfig, get_peft_model  # noqa: E402, after the settings that they read
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback  # noqa: E402

WORK = json.load(open(f"{FOLDER}/work.json"))
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ROWS = 16  # of an update at a time
READY = {}


def adapters():
    return LoraConfig(r=WORK["rank"], lora_alpha=2 * WORK["rank"], target_modules=PROJECTIONS, task_type="CAUSAL_LM")


def batches():
    """Padded on the left, so that the completions end together: tokens, mask, which tokens learn, behaviour, advantages."""
    samples = WORK["update"]
    for part in (samples[i:i + ROWS] for i in range(0, len(samples), ROWS)):
        texts = [s["prompt"] + s["completion"] for s in part]
        length, longest = max(map(len, texts)), max(len(s["completion"]) for s in part)
        learned, behaviour = torch.zeros(len(part), longest), torch.zeros(len(part), longest)
        for i, s in enumerate(part):
            learned[i, longest - len(s["completion"]):] = 1
            behaviour[i, longest - len(s["completion"]):] = torch.tensor(s["behaviour"])
        yield (torch.tensor([[0] * (length - len(t)) + t for t in texts]), torch.tensor([[0] * (length - len(t)) + [1] * len(t) for t in texts]),
               learned, behaviour, torch.tensor([s["advantage"] for s in part])[:, None])


def updater(bf16):
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(WORK["model"], dtype=torch.float32), adapters())
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-7, betas=(0.9, 0.95), weight_decay=0)
    data = list(batches())
    total = sum(batch[2].sum() for batch in data)

    def update():
        for tokens, mask, learned, behaviour, advantage in data:
            longest = learned.shape[1]
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = model(input_ids=tokens, attention_mask=mask, logits_to_keep=longest + 1).logits[:, :-1]
            logp = logits.float().log_softmax(-1)
            ratio = (logp.gather(-1, tokens[:, -longest:, None]).squeeze(-1) - behaviour).exp()
            loss = -(torch.min(ratio * advantage, ratio.clamp(0.8, 1.28) * advantage) * learned).sum() / total
            loss.backward()
            with torch.no_grad():
                ((logp.exp() * logp).sum(-1) * learned).sum().item()  # entropy, as every trainer logs
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return update


class Turns(TrainerCallback):
    first = True  # was asked for before the trainer was there

    def on_step_begin(self, *_, **__):
        if not self.first:
            serve()
        self.first = False
        self.begin = time.perf_counter()

    def on_step_end(self, *_, **__):
        print(time.perf_counter() - self.begin, flush=True)


def trainer():
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer
    words = AutoTokenizer.from_pretrained(WORK["model"], padding_side="left")
    assert [words(text, add_special_tokens=False)["input_ids"] for text in WORK["texts"]] == WORK["prompts"]
    rows = len(WORK["texts"]) * WORK["group"]
    config = GRPOConfig(output_dir=f"{FOLDER}/trl", gradient_accumulation_steps=rows // 8, max_completion_length=WORK["max_new_tokens"],
                        learning_rate=1e-7, max_steps=10**6, logging_steps=10**6, save_strategy="no", report_to=[], disable_tqdm=True,
                        use_cpu=True)
    return GRPOTrainer(model=AutoModelForCausalLM.from_pretrained(WORK["model"], dtype=torch.float32), args=config,
                       processing_class=words, peft_config=adapters(), callbacks=[Turns()],
                       reward_funcs=lambda completions, **_: [float(len(text) % 2) for text in completions],
                       train_dataset=Dataset.from_list([{"prompt": text} for text in WORK["texts"]] * 64))


def serve():
    """Does what is asked until TRL's turn comes: its trainer calls this before each of its steps."""
    for line in iter(sys.stdin.readline, ""):
        word = line.strip()
        if word == "step":
            return
        if word not in READY:
            READY[word] = updater(word == "BF16")
        begin = time.perf_counter()
        READY[word]()
        print(time.perf_counter() - begin, flush=True)
    os._exit(0)


print(f"ready {torch.__version__}", flush=True)
serve()
trainer().train()
