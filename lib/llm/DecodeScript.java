package llm;

import java.util.List;
import java.util.regex.Pattern;

/** The TorchScript of {@link FastDecode}. */
final class DecodeScript {

    /** Numbers of 32 bits in the widest vector of any processor, AVX-512's. */
    static final int LANES = 16;

    /**
     * R rows (completions), N new tokens at most, P prompts of T tokens, V tokens in the vocabulary; letters as in
     * {@link Decoder}. The weights w are the embedding {@code [V, C]}, final gain {@code [C]}, output {@code [V, C]}, then
     * nine of each layer and eight of its adapters, empty where there are none. A comment {@code # part:} ends a part of a
     * {@linkplain #timed timed} run.
     */
    private static final String SOURCE = """
              def lap(self, clock: List[int], part: int) -> None:
                now = ops.prim.TimePoint()
                clock[part] = clock[part] + now - clock[0]
                clock[0] = now
              def norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor:
                return torch.rms_norm(x, [x.size(-1)], gain, eps)
              def linear(self, x: Tensor, w: Tensor) -> Tensor:
                return LINEAR
              def affine(self, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
                return AFFINE
              # the weights of linear layers as the engine multiplies by them: the output, then four of each layer
              def packed(self, w: List[Tensor]) -> List[Tensor]:
                packed = annotate(List[Tensor], [])
                for i in range(2, len(w)):
                  j = (i - 3) % 17
                  if i == 2 or j == 1 or j == 5 or j == 7 or j == 8:
                    packed.append(PACK)
                return packed
              # by the weights p, with the bias l[b] if b is not 0 and the adapter l[j], where there are any
              def adapted(self, x: Tensor, p: Tensor, l: List[Tensor], b: int, j: int) -> Tensor:
                biased = b > 0 and l[b].numel() > 0
                if l[j].numel() > 0 and x.dtype != 6: # small adapters would vanish beside a product that is rounded already
                  z = self.linear(self.linear(x, l[j]), l[j + 1])
                  y = PLUS
                  if biased:
                    y = y + l[b]
                  return y
                if biased:
                  y = self.affine(x, p, l[b])
                else:
                  y = self.linear(x, p)
                if l[j].numel() > 0:
                  y = y + self.linear(self.linear(x, l[j]), l[j + 1])
                return y
              # x [n, C], n tokens; cos and sin [n, 1, D]. Prefill has n = P * T and the prompt of each row, source [R];
              # a decode step has n = R, no source, and a mask [R, 1, 1, slots] from this slot on.
              def hidden(self, w: List[Tensor], p: List[Tensor], sizes: List[int], eps: float, tokens: Tensor, time: int,
                  cos: Tensor, sin: Tensor, keys: List[Tensor], values: List[Tensor], slot: int, mask: Tensor,
                  source: Tensor, clock: List[int]) -> Tensor:
                heads, kv, dim = sizes[0], sizes[1], sizes[2]
                n = tokens.numel()
                batch = n // time
                x = torch.embedding(w[0], tokens)
                # part: embedding
                for i in range(len(keys)):
                  l = w[3 + 17 * i : 20 + 17 * i]
                  y = self.norm(x, l[0], eps)
                  # part: norms
                  qkv = self.adapted(y, p[1 + 4 * i], l, 2, 9).view([n, heads + 2 * kv, dim])
                  # part: linear layers
                  qk = qkv[:, : heads + kv]
                  if l[3].numel() > 0:
                    qk = torch.cat([self.norm(qk[:, :heads], l[3], eps), self.norm(qk[:, heads:], l[4], eps)], 1)
                  qk = torch.addcmul_(qk * cos, torch.roll(qk, [dim // 2], [2]), sin)
                  q, k, v = qk[:, :heads], qk[:, heads:], qkv[:, heads + kv :]
                  # part: rotation
                  if time > 1:
                    q1 = q.view([batch, time, heads, dim]).transpose(1, 2)
                    k1 = k.view([batch, time, kv, dim]).transpose(1, 2)
                    v1 = v.view([batch, time, kv, dim]).transpose(1, 2)
                    torch.copy_(keys[i][:, :, :dim, slot : slot + time], torch.index_select(k1.transpose(2, 3), 0, source))
                    torch.copy_(values[i][:, :, slot : slot + time, :dim], torch.index_select(v1, 0, source))
                    if heads > kv:
                      k1 = torch.repeat_interleave(k1, heads // kv, 1)
                      v1 = torch.repeat_interleave(v1, heads // kv, 1)
                    mixed = torch.scaled_dot_product_attention(q1, k1, v1, None, 0., True).transpose(1, 2)
                  else:
                    torch.copy_(keys[i][:, :, :dim, slot], k)
                    torch.copy_(values[i][:, :, slot, :dim], v)
                    # part: writing the cache
                    if dim % LANES > 0:
                      q = torch.constant_pad_nd(q, [0, LANES - dim % LANES])
                    end = values[i].size(2)
                    begin = end - mask.size(3)
                    scores = torch.matmul(q.view([n, kv, heads // kv, -1]), keys[i][:, :, :, begin:end])
                    scores = torch.softmax(torch.add(mask, scores, alpha=1. / torch.sqrt(dim)), 3)
                    mixed = torch.matmul(scores.to(v.dtype), values[i][:, :, begin:end])[:, :, :, :dim]
                  y = mixed.reshape([n, heads * dim])
                  # part: attention
                  x = torch.add_(self.adapted(y, p[2 + 4 * i], l, 0, 11), x)
                  # part: linear layers
                  y = self.norm(x, l[6], eps)
                  # part: norms
                  gate, up = torch.chunk(self.adapted(y, p[3 + 4 * i], l, 0, 13), 2, 1)
                  # part: linear layers
                  if sizes[4] > 2: # so many rows at a time that two threads share the work
                    piece = 2 * max(1, 32768 // gate.size(1))
                    for begin in range(0, n, piece):
                      torch.silu_(gate[begin : begin + piece])
                    y = gate * up
                  else:
                    y = torch.mul_(torch.silu(gate), up)
                  # part: activation
                  x = torch.add_(self.adapted(y, p[4 + 4 * i], l, 0, 15), x)
                  # part: linear layers
                y = self.norm(x, w[1], eps)
                # part: norms
                return y
              # p [n, V] without the less probable tokens; those that tie with the last one kept stay
              def truncated(self, p: Tensor, k: int, mass: float) -> Tensor:
                size = p.size(1)
                if k > 0 and k < size:
                  best, where = torch.topk(p, k, 1)
                  p = p * torch.ge(p, best[:, -1:]).to(6)
                if mass < 1.:
                  most = torch.sum(p, [1], True) * mass
                  count = min(64, size)
                  best, where = torch.topk(p, count, 1)
                  total = torch.cumsum(best, 1)
                  while count < size and bool(torch.any(torch.lt(total[:, -1:], most))):
                    count = min(8 * count, size)
                    best, where = torch.topk(p, count, 1)
                    total = torch.cumsum(best, 1)
                  kept = torch.sum(torch.lt(total - best, most), [1], True)
                  p = p * torch.ge(p, torch.gather(best, 1, kept - 1)).to(6)
                return p
              # the place in each row of p [n, m] at which the running sum exceeds a share of the whole, u [n, 1] below 1
              def inverted(self, p: Tensor, u: Tensor) -> Tuple[Tensor, Tensor]:
                sums = torch.cumsum(p, 1)
                threshold = sums[:, -1:] * u
                place = torch.clamp_max(torch.searchsorted(sums, threshold, right=True), p.size(1) - 1)
                before = torch.gather(sums, 1, torch.clamp_min(place - 1, 0)) * torch.gt(place, 0).to(6)
                rest = (threshold - before) / torch.gather(p, 1, place)
                return (place, torch.clamp(rest, 0., 0.99999994))
              # tokens [R, 1] and their log-probabilities [R, 1] by logits [R, V]; the rows go through in pieces that fit a cache
              def drawn(self, logits: Tensor, temperature: float, k: int, mass: float, uniform: Tensor) -> Tuple[Tensor, Tensor]:
                rows, size = logits.size(0), logits.size(1)
                piece = LANES * max(1, 65536 // size)
                tokens = annotate(List[Tensor], [])
                chosen = annotate(List[Tensor], [])
                for begin in range(0, rows, piece):
                  x = logits[begin : begin + piece].to(6)
                  u = uniform[begin : begin + piece]
                  if temperature != 0. and temperature != 1.:
                    x = x / temperature
                  p = torch.softmax(x, 1)
                  if temperature == 0.:
                    token = torch.argmax(x, 1, True)
                  else:
                    t = self.truncated(p, k, mass)
                    if size > 4 * BLOCK: # sums of blocks first, then inside one
                      if size % BLOCK > 0:
                        t = torch.constant_pad_nd(t, [0, BLOCK - size % BLOCK])
                      blocks = t.view([t.size(0), -1, BLOCK])
                      block, u = self.inverted(torch.sum(blocks, [2]), u)
                      inside = torch.gather(blocks, 1, block.unsqueeze(2).expand([-1, 1, BLOCK])).squeeze(1)
                      place, u = self.inverted(inside, u)
                      token = block * BLOCK + place
                    else:
                      token, u = self.inverted(t, u)
                  tokens.append(token)
                  chosen.append(torch.log(torch.gather(p, 1, token)))
                return (torch.cat(tokens), torch.cat(chosen))
              # prompts [P, T]; index of the last token of each among P * T, padded; of each row: its prompt, length of
              # that, most new tokens; uniform [R, N]; ends [E]; left [1] or empty, where the number of tokens that the rows may
              # still get is written. Returns tokens and log-probabilities, [N, R].
              def sample(self, w: List[Tensor], packed: List[Tensor], sizes: List[int], eps: float, temperature: float, k: int, mass: float,
                  prompts: Tensor, last: Tensor, source: Tensor, lengths: Tensor, room: Tensor, uniform: Tensor, ends: Tensor,
                  cos: Tensor, sin: Tensor, left: Tensor, clock: List[int]) -> Tuple[Tensor, Tensor]:
                # clock
                rows, steps, time = uniform.size(0), uniform.size(1), prompts.size(1)
                slots = LANES * ((steps + LANES - 1) // LANES)
                width = slots + time
                cos = cos.to(w[0].dtype).unsqueeze(1)
                sin = sin.to(w[0].dtype).unsqueeze(1)
                keys = annotate(List[Tensor], [])
                values = annotate(List[Tensor], [])
                dim = LANES * ((sizes[2] + LANES - 1) // LANES) # so that each row begins where a vector may
                for i in range(sizes[3]):
                  keys.append(w[0].new_zeros([rows, sizes[1], dim, width]))
                  values.append(w[0].new_zeros([rows, sizes[1], width, dim]))
                mask = uniform.new_full([rows, width], -inf)
                padding = torch.ge(torch.arange(time, device=lengths.device), lengths.unsqueeze(1))
                mask[:, slots : slots + time] = uniform.new_zeros([rows, time]).masked_fill(padding, -inf)
                mask = mask.view([rows, 1, 1, width])
                x = self.hidden(w, packed, sizes, eps, prompts.view([-1]), time, cos[:time].repeat([prompts.size(0), 1, 1]),
                    sin[:time].repeat([prompts.size(0), 1, 1]), keys, values, slots, mask, source, torch.list(clock))
                logits = self.linear(torch.index_select(x, 0, last), packed[0])
                logits = torch.index_select(logits, 0, source)
                origin = torch.arange(rows, device=lengths.device)
                tokens = lengths.new_zeros([steps, rows])
                chosen = uniform.new_zeros([steps, rows])
                done = torch.le(room, 0)
                t = 0
                active = rows
                # part: prefill
                while active > 0:
                  token, logp = self.drawn(logits, temperature, k, mass, uniform[:, t : t + 1])
                  # part: drawing
                  tokens[t].index_copy_(0, origin, token.squeeze(1))
                  chosen[t].index_copy_(0, origin, logp.squeeze(1))
                  t = t + 1
                  done = done | torch.any(torch.eq(token, ends), 1) | torch.le(room, t)
                  active = done.size(0) - int(torch.sum(done))
                  if left.numel() > 0:
                    torch.copy_(left, torch.sum((room - t) * torch.logical_not(done)))
                  if active > 0:
                    kept = LANES * ((active + LANES - 1) // LANES)
                    if kept < done.size(0): # rows at the end move to the places of those that left
                      moved = kept + torch.nonzero(torch.logical_not(done[kept:])).squeeze(1)
                      free = torch.nonzero(done[:kept]).squeeze(1)[: moved.size(0)]
                      keep = torch.arange(kept, device=lengths.device).index_copy_(0, free, moved)
                      origin, token, done = origin[keep], token[keep], done[keep]
                      room, lengths, uniform, mask = room[keep], lengths[keep], uniform[keep], mask[keep]
                      for i in range(len(keys)):
                        keys[i].index_copy_(0, free, torch.index_select(keys[i], 0, moved))
                        values[i].index_copy_(0, free, torch.index_select(values[i], 0, moved))
                        keys[i] = keys[i][:kept]
                        values[i] = values[i][:kept]
                    # part: rows that leave
                    position = lengths + (t - 1)
                    slot = slots - t
                    mask[:, :, :, slot] = 0.
                    x = self.hidden(w, packed, sizes, eps, token.squeeze(1), 1, cos[position], sin[position], keys, values, slot,
                        mask[:, :, :, LANES * (slot // LANES) :], source, clock)
                    logits = self.linear(x, packed[0])
                    # part: output layer
                return (tokens, chosen)
            """.replace("LANES", Integer.toString(LANES)).replace("BLOCK", "256");

    /** What {@link FastDecode#profile} tells apart: the comments {@code # part:} of the source end a part. */
    static final List<String> PARTS = List.of("prefill", "linear layers", "output layer", "attention", "drawing", "norms", "rotation",
            "activation", "writing the cache", "embedding", "rows that leave");
    private static final Pattern PART = Pattern.compile("# part: (.*)");

    private DecodeScript() {}

    /**
     * The script.
     *
     * @param oneDnn as in {@link FastDecode}
     * @param once whether oneDNN adds in 16 bits what adapters add, as {@code addmm} of a CPU rounds twice
     */
    static String source(boolean oneDnn, boolean once) {
        String call = oneDnn ? "ops.mkldnn._linear_pointwise(x, w, %s, \"none\", [], \"\")" : "torch.linear(x, w, %s)";
        return SOURCE.replace("PACK", oneDnn ? "ops.mkldnn._reorder_linear_weight(w[i], 128)" : "w[i]")
                .replace("PLUS", once ? "ops.mkldnn._linear_pointwise(x, z, p, None, \"add\")" : "torch.addmm(z, x, p.t())")
                .replace("LINEAR", call.formatted("None")).replace("AFFINE", call.formatted("bias"));
    }

    /** The script with a clock: the list of integers that it is given gets the nanoseconds of each part, after the first entry. */
    static String timed(boolean oneDnn, boolean once) {
        return PART.matcher(source(oneDnn, once)).replaceAll(part -> "self.lap(clock, " + (1 + PARTS.indexOf(part.group(1))) + ")")
                .replace("# clock", "clock[0] = ops.prim.TimePoint()");
    }
}
