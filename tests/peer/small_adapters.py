# torch, transformers, peft
"""What is left of a first step of imitation in bf16, where adapters are added as PEFT does it under autocast.

    python tests/peer/small_adapters.py MODEL data/arithmetic/train.jsonl

One step of AdamW in fp32 on the first 16 solutions, with adapters of rank 16 at 5e-4; prints the loss before and after, computed in fp32,
under autocast in bf16, and in bf16 with the adapters rounded together with the product that they are added to.
"""

import json
import sys

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import Linear
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL, DATA = sys.argv[1:]
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
torch.manual_seed(0)
words = AutoTokenizer.from_pretrained(MODEL)
shown = [row for row in map(json.loads, open(DATA)) if row.get("solution")][:16]
texts = []
for row in shown:
    asked = words.apply_chat_template([{"role": "user", "content": row["question"]}], tokenize=False, add_generation_prompt=True)
    texts.append([words(text, add_special_tokens=False)["input_ids"] for text in (asked, row["solution"])])
    texts[-1][1].append(words.eos_token_id)
length = max(len(a) + len(b) for a, b in texts)
tokens = torch.tensor([a + b + [0] * (length - len(a) - len(b)) for a, b in texts])
mask = torch.tensor([[1] * (len(a) + len(b)) + [0] * (length - len(a) - len(b)) for a, b in texts])
right = torch.tensor([[-100] * len(a) + b + [-100] * (length - len(a) - len(b)) for a, b in texts])
model = get_peft_model(AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32),
                       LoraConfig(r=16, lora_alpha=32, target_modules=PROJECTIONS, task_type="CAUSAL_LM"))


def loss(bf16=False):
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = model(input_ids=tokens, attention_mask=mask).logits[:, :-1]
    return F.cross_entropy(logits.float().reshape(-1, logits.size(-1)), right[:, 1:].reshape(-1), ignore_index=-100)


def once(self, x, *_, **__):
    """A product and what adapters add to it, summed in fp32 and rounded once."""
    a, b, w = (t.to(torch.bfloat16) for t in (self.lora_A["default"].weight, self.lora_B["default"].weight * self.scaling["default"],
                                              self.base_layer.weight))
    rows = x.to(torch.bfloat16).reshape(-1, x.shape[-1])
    return (torch.cat([rows, rows @ a.t()], 1) @ torch.cat([w, b], 1).t()).view(*x.shape[:-1], -1)


optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=5e-4, weight_decay=0)
before = loss()
before.backward()
optimizer.step()
with torch.no_grad():
    print(f"before {before:.3f}; after: fp32 {loss():.3f}, autocast {loss(True):.3f}", end=", ")
    Linear.forward = once
    print(f"bf16, rounded once {loss(True):.3f}")
