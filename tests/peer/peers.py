# torch, transformers, trl
"""The peers of ./jbang bench, on the same weights and the same prompts, on the CPU.

    python tests/peer/peers.py FOLDER THREADS

FOLDER holds a model and work.json. Reads one word a line, does it once and prints the seconds it took:
rollout (hand-written PyTorch loop), update (the same, by autograd), generate (transformers), step (TRL's GRPOTrainer).
transformers and trl are loaded only if asked for.
"""

import json
import os
import sys
import time
import warnings

import torch
import torch.nn.functional as F

FOLDER, THREADS = sys.argv[1], int(sys.argv[2])
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")
warnings.filterwarnings("ignore")
torch.set_num_threads(THREADS)
torch.manual_seed(0)

CONFIG = json.load(open(f"{FOLDER}/config.json"))
WORK = json.load(open(f"{FOLDER}/work.json"))
LAYERS, HEADS, KV = (CONFIG[f"num_{name}"] for name in ("hidden_layers", "attention_heads", "key_value_heads"))
DIM = CONFIG.get("head_dim") or CONFIG["hidden_size"] // HEADS
EPS, GROUP, NEW, ENDS = CONFIG["rms_norm_eps"], WORK["group"], WORK["max_new_tokens"], WORK["ends"]
PROMPTS = torch.tensor(WORK["prompts"])  # all of the same length
ANGLE = torch.outer(torch.arange(CONFIG["max_position_embeddings"]).float(), 1 / CONFIG["rope_theta"] ** (torch.arange(0, DIM, 2) / DIM))
COS, SIN = torch.cat((ANGLE, ANGLE), -1).cos(), torch.cat((ANGLE, ANGLE), -1).sin()


def weights():
    """The arrays by name, ready to learn."""
    from safetensors.torch import load_file
    return {name.removeprefix("model."): p.requires_grad_() for name, p in load_file(f"{FOLDER}/model.safetensors").items()}


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


def hidden(w, tokens, at=0, cache=None):
    """Last hidden states of tokens [B, T] at positions from `at` on; the cache is written in place."""
    batch, length = tokens.shape
    cos, sin = COS[at:at + length], SIN[at:at + length]
    width = CONFIG["hidden_size"]
    x = F.embedding(tokens, w["embed_tokens.weight"])
    for i in range(LAYERS):
        name = f"layers.{i}."
        h = F.rms_norm(x, (width,), w[name + "input_layernorm.weight"], EPS)
        q, k, v = (F.linear(h, w[f"{name}self_attn.{p}_proj.weight"], w[f"{name}self_attn.{p}_proj.bias"])
                   .view(batch, length, -1, DIM).transpose(1, 2) for p in "qkv")
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            keys, values = cache[i]
            keys[:, :, at:at + length], values[:, :, at:at + length] = k, v
            k, v = keys[:, :, :at + length], values[:, :, :at + length]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1, enable_gqa=HEADS > KV)
        x = x + F.linear(y.transpose(1, 2).reshape(batch, length, -1), w[name + "self_attn.o_proj.weight"])
        h = F.rms_norm(x, (width,), w[name + "post_attention_layernorm.weight"], EPS)
        gate, up = (F.linear(h, w[f"{name}mlp.{p}_proj.weight"]) for p in ("gate", "up"))
        x = x + F.linear(F.silu(gate) * up, w[name + "mlp.down_proj.weight"])
    return F.rms_norm(x, (width,), w["norm.weight"], EPS)


@torch.inference_mode()
def rollout(w):
    """All completions in one batch with one cache, until all have ended."""
    tokens = PROMPTS.repeat_interleave(GROUP, 0)
    rows, length = tokens.shape
    cache = [(torch.empty(rows, KV, length + NEW, DIM), torch.empty(rows, KV, length + NEW, DIM)) for _ in range(LAYERS)]
    done, ends = torch.zeros(rows, dtype=torch.bool), torch.tensor(ENDS)
    sampled, chosen, at = [], [], 0
    for _ in range(NEW):
        last = hidden(w, tokens, at, cache)[:, -1]
        at += tokens.shape[1]
        logp = F.linear(last, w["embed_tokens.weight"]).log_softmax(-1)
        tokens = torch.multinomial(logp.exp(), 1)
        sampled.append(tokens)
        chosen.append(logp.gather(-1, tokens))
        done |= (tokens == ends).any(-1)
        if done.all():
            break
    return torch.cat(sampled, 1).tolist(), torch.cat(chosen, 1).tolist()


def batch():
    """The samples of an update as padded arrays: tokens, which positions learn, behaviour, advantages."""
    samples = WORK["update"]
    length = max(len(s["prompt"]) + len(s["completion"]) for s in samples)
    tokens = torch.zeros(len(samples), length, dtype=torch.long)
    learned, behaviour = torch.zeros(len(samples), length - 1), torch.zeros(len(samples), length - 1)
    for i, s in enumerate(samples):
        text, begin = s["prompt"] + s["completion"], len(s["prompt"]) - 1
        tokens[i, :len(text)] = torch.tensor(text)
        learned[i, begin:len(text) - 1] = 1
        behaviour[i, begin:len(text) - 1] = torch.tensor(s["behaviour"])
    return tokens, learned, behaviour, torch.tensor([s["advantage"] for s in samples])[:, None]


def update(w, optimizer, data):
    tokens, learned, behaviour, advantage = data
    logp = F.linear(hidden(w, tokens[:, :-1]), w["embed_tokens.weight"]).log_softmax(-1)
    ratio = (logp.gather(-1, tokens[:, 1:, None]).squeeze(-1) - behaviour).exp()
    loss = -(torch.min(ratio * advantage, ratio.clamp(0.8, 1.28) * advantage) * learned).sum() / learned.sum()
    loss.backward()
    with torch.no_grad():
        ((logp.exp() * logp).sum(-1) * learned).sum().item()  # entropy, as every trainer logs
    torch.nn.utils.clip_grad_norm_(list(w.values()), 1.0)
    optimizer.step()
    optimizer.zero_grad()


def generator():
    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()
    def generate():
        model.generate(PROMPTS, attention_mask=torch.ones_like(PROMPTS), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                       num_return_sequences=GROUP, max_new_tokens=NEW, eos_token_id=ENDS or None, pad_token_id=0)
    return generate


def trainer():
    """TRL's trainer with the same number of prompts, completions and tokens; its steps wait for their turn."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer
    words = PreTrainedTokenizerFast(tokenizer_file=f"{FOLDER}/tokenizer.json", padding_side="left")
    words.pad_token, words.eos_token = words.convert_ids_to_tokens(0), words.convert_ids_to_tokens(ENDS[0] if ENDS else 0)
    assert [words(text)["input_ids"] for text in WORK["questions"]] == WORK["prompts"]

    class Turns(TrainerCallback):
        first = True  # was asked for before the trainer was there

        def on_step_begin(self, *_, **__):
            if not self.first:
                serve()
            self.first = False
            self.begin = time.perf_counter()

        def on_step_end(self, *_, **__):
            print(time.perf_counter() - self.begin, flush=True)

    rows = len(WORK["questions"]) * GROUP
    config = GRPOConfig(output_dir=f"{FOLDER}/trl", per_device_train_batch_size=rows, num_generations=GROUP, steps_per_generation=1,
                        max_completion_length=NEW, temperature=1.0, beta=0.0, learning_rate=1e-6, max_grad_norm=1.0, max_steps=10**6,
                        logging_steps=10**6, save_strategy="no", report_to=[], disable_tqdm=True, bf16=False, use_cpu=True,
                        gradient_checkpointing=False)
    model = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
    model.generation_config.eos_token_id = ENDS or None
    return GRPOTrainer(model=model, args=config, processing_class=words, callbacks=[Turns()],
                       reward_funcs=lambda completions, **_: [float(len(text) % 2) for text in completions],
                       train_dataset=Dataset.from_list([{"prompt": text} for text in WORK["questions"]] * 64))


READY = {}


def ready(what):
    """What a word needs, made once."""
    if what not in READY:
        if what in ("rollout", "update"):
            w = READY.get("weights") or READY.setdefault("weights", weights())
            optimizer = torch.optim.AdamW(w.values(), lr=1e-6, betas=(0.9, 0.95), weight_decay=0) if what == "update" else None
            data = batch() if what == "update" else None
            READY[what] = (lambda: update(w, optimizer, data)) if what == "update" else (lambda: rollout(w))
        else:
            READY[what] = generator()
    return READY[what]


def serve():
    """Does what is asked until TRL's turn comes: its trainer calls this before each of its steps."""
    for line in iter(sys.stdin.readline, ""):
        if line.strip() == "step":
            return
        work = ready(line.strip())
        begin = time.perf_counter()
        work()
        print(time.perf_counter() - begin, flush=True)
    os._exit(0)


print(f"ready {torch.__version__}", flush=True)
serve()
trainer().train()
