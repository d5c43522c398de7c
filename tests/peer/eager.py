# torch
"""The peer of ./jbang bench: the same policy, rollout and update as a hand-written PyTorch eager loop.

    python tests/peer/eager.py LAYERS WIDTH HEADS FEED VOCAB ROWS LENGTH BATCH THREADS

Reads one word a line, "rollout" or "update", does it once and prints the seconds it took.
"""

import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, WIDTH, HEADS, FEED, VOCAB, ROWS, LENGTH, BATCH, THREADS = map(int, sys.argv[1:])
DIM = WIDTH // HEADS
torch.manual_seed(0)
torch.set_num_threads(THREADS)


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.gain


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.feed_norm = Norm(), Norm()
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate, self.up = (nn.Linear(WIDTH, FEED, bias=False) for _ in range(2))
        self.down = nn.Linear(FEED, WIDTH, bias=False)

    def forward(self, x, cos, sin, mask, cache, at):
        batch, length, _ = x.shape
        h = self.attention_norm(x)
        q, k, v = (f(h).view(batch, length, HEADS, DIM).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache is not None:
            keys, values = cache
            keys[:, :, at:at + length], values[:, :, at:at + length] = k, v
            k, v = keys[:, :, :at + length], values[:, :, :at + length]
        scores = q @ k.transpose(-1, -2) / math.sqrt(DIM)
        if mask is not None:
            scores = scores + mask
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, WIDTH))
        h = self.feed_norm(x)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = Norm()
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens, cos, sin, mask, cache=None, at=0):
        x = self.embed(tokens)
        for i, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask, cache and cache[i], at)
        return F.linear(self.norm(x), self.embed.weight)


policy = Policy()
optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-5, betas=(0.9, 0.95), weight_decay=0)
angle = torch.outer(torch.arange(LENGTH).float(), 1 / 10000 ** (torch.arange(0, DIM, 2) / DIM))
COS, SIN = torch.cat((angle, angle), -1).cos(), torch.cat((angle, angle), -1).sin()
MASK = torch.full((LENGTH, LENGTH), float("-inf")).triu(1)
TEXT = torch.arange(BATCH * (LENGTH + 1)).mul(7919).remainder(VOCAB).view(BATCH, LENGTH + 1)
BEHAVIOUR = torch.full((BATCH, LENGTH), -math.log(VOCAB))
ADVANTAGE = torch.where(torch.arange(BATCH) % 2 == 0, 1.0, -1.0)[:, None]


@torch.no_grad()
def rollout():
    cache = [(torch.zeros(ROWS, HEADS, LENGTH + 1, DIM), torch.zeros(ROWS, HEADS, LENGTH + 1, DIM)) for _ in range(LAYERS)]
    token, tokens, chosen = torch.full((ROWS, 1), 2), [], []
    for at in range(LENGTH):
        logp = policy(token, COS[at:at + 1], SIN[at:at + 1], None, cache, at)[:, 0].log_softmax(-1)
        token = torch.multinomial(logp.exp(), 1)
        chosen.append(logp.gather(-1, token).squeeze(-1).tolist())
        tokens.append(token.squeeze(-1).tolist())


def update():
    logp = policy(TEXT[:, :-1], COS, SIN, MASK).log_softmax(-1)
    ratio = (logp.gather(-1, TEXT[:, 1:, None]).squeeze(-1) - BEHAVIOUR).exp()
    loss = -torch.min(ratio * ADVANTAGE, ratio.clamp(0.8, 1.28) * ADVANTAGE).mean()
    loss.backward()
    with torch.no_grad():
        (logp.exp() * logp).sum(-1).mean().item()  # entropy, as every trainer logs
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()


print(f"ready {torch.__version__} {sum(p.numel() for p in policy.parameters())}", flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    {"rollout": rollout, "update": update}[line.strip()]()
    print(time.perf_counter() - begin, flush=True)
