package llm;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import common.BadInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Samples a whole batch in one engine call: prefill, then token after token, as a TorchScript method, {@link #SOURCE}. It computes the same
 * as {@link Decoder} and plain operations, without a call from Java for each operation. Adapters are applied beside the weights: added to
 * weights in 16 bits, small ones would be rounded away.
 *
 * <p>On a CPU, what a row gets does not depend on the other rows, to the last bit, if the longest prompt and the longest
 * completion together have at most 144 tokens, and the engine has one or two threads, or the widths of the model (hidden,
 * feed-forward, one head) are multiples of 16. This holds in fp32, by MKL and by oneDNN, and in bf16, with adapters and with top-k and
 * top-p, for each set of kernels that the engine has (AVX-512, AVX2, plain; {@code RowsApartTest} runs all that the processor has),
 * but numbers of two sets, two kinds of processor or two numbers of threads differ in the last bits. Longer rows differ by rounding,
 * log-probabilities by some 1e-6: attention multiplies matrices there, whose sums the engine cuts in pieces by how long the longest
 * row is.
 *
 * <p>What it takes: A row's keys are laid out from its own prompt outwards: the prompt begins at slot N, the first sampled
 * token is at N - 1, the next at N - 2, so that a longer prompt elsewhere only adds masked slots at the end. Rows, prompts,
 * slots, widths of heads and ranks of adapters are padded to multiples of {@link #LANES}, because a block of rows or a vector of
 * numbers is rounded differently if it is not full, or does not begin where a vector may. Threads share whole rows of what the engine
 * rounds by vectors. And the uniform numbers are given, one per row and position.
 *
 * <p>What makes it fast: Keys are stored transposed, so that attention reads them in order. A token is drawn by the sums of blocks
 * of the vocabulary and then inside one block, a few rows at a time, which stay in the processor's cache. Where a row has ended,
 * the last one moves to its place, and nothing else of the cache moves.
 */
public final class FastDecode {

    /** Numbers of 32 bits in the widest vector of any processor, AVX-512's. */
    private static final int LANES = 16;

    /**
     * R rows (completions), N new tokens at most, P prompts of T tokens, V tokens in the vocabulary; letters as in
     * {@link Decoder}. The weights w are the embedding {@code [V, C]}, final gain {@code [C]}, output {@code [V, C]}, then
     * nine of each layer, empty where a family has none.
     */
    private static final String SOURCE = """
              def norm(self, x: Tensor, gain: Tensor, eps: float) -> Tensor:
                y = x.to(6)
                y = y * torch.rsqrt(torch.mean(y * y, [-1], True) + eps)
                return y.to(x.dtype) * gain
              def linear(self, x: Tensor, w: Tensor) -> Tensor:
                return LINEAR
              def affine(self, x: Tensor, w: Tensor, bias: Tensor) -> Tensor:
                return AFFINE
              # by the weights l[i], with the bias l[b] if b is not 0 and the adapter l[j], where there are any
              def adapted(self, x: Tensor, l: List[Tensor], i: int, b: int, j: int) -> Tensor:
                if b > 0 and l[b].numel() > 0:
                  y = self.affine(x, l[i], l[b])
                else:
                  y = self.linear(x, l[i])
                if l[j].numel() > 0:
                  y = y + self.linear(self.linear(x, l[j]), l[j + 1])
                return y
              # x [n, C], n tokens; cos and sin [n, 1, D]. Prefill has n = P * T and the prompt of each row, source [R];
              # a decode step has n = R, no source, and a mask [R, 1, 1, slots] from this slot on.
              def hidden(self, w: List[Tensor], sizes: List[int], eps: float, tokens: Tensor, time: int, cos: Tensor,
                  sin: Tensor, keys: List[Tensor], values: List[Tensor], slot: int, mask: Tensor, source: Tensor) -> Tensor:
                heads, kv, dim = sizes[0], sizes[1], sizes[2]
                n = tokens.numel()
                batch = n // time
                x = torch.embedding(w[0], tokens)
                for i in range(len(keys)):
                  l = w[3 + 17 * i : 20 + 17 * i]
                  qkv = self.adapted(self.norm(x, l[0], eps), l, 1, 2, 9).view([n, heads + 2 * kv, dim])
                  qk = qkv[:, : heads + kv]
                  if l[3].numel() > 0:
                    qk = torch.cat([self.norm(qk[:, :heads], l[3], eps), self.norm(qk[:, heads:], l[4], eps)], 1)
                  qk = qk * cos + torch.roll(qk, [dim // 2], [2]) * sin
                  q, k, v = qk[:, :heads], qk[:, heads:], qkv[:, heads + kv :]
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
                    if dim % LANES > 0:
                      q = torch.constant_pad_nd(q, [0, LANES - dim % LANES])
                    end = values[i].size(2)
                    begin = end - mask.size(3)
                    scores = torch.matmul(q.view([n, kv, heads // kv, -1]), keys[i][:, :, :, begin:end]).to(6)
                    scores = torch.softmax(scores * (1. / torch.sqrt(dim)) + mask, 3)
                    mixed = torch.matmul(scores.to(v.dtype), values[i][:, :, begin:end])[:, :, :, :dim]
                  x = x + self.adapted(mixed.reshape([n, heads * dim]), l, 5, 0, 11)
                  gate, up = torch.chunk(self.adapted(self.norm(x, l[6], eps), l, 7, 0, 13), 2, 1)
                  if sizes[4] > 2: # so many rows at a time that two threads share the work
                    piece = 2 * max(1, 32768 // gate.size(1))
                    for begin in range(0, n, piece):
                      torch.silu_(gate[begin : begin + piece])
                  else:
                    gate = torch.silu(gate)
                  x = x + self.adapted(gate * up, l, 8, 0, 15)
                return self.norm(x, w[1], eps)
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
              # that, most new tokens; uniform [R, N]; ends [E]. Returns tokens and log-probabilities, [N, R].
              def sample(self, w: List[Tensor], sizes: List[int], eps: float, temperature: float, k: int, mass: float,
                  prompts: Tensor, last: Tensor, source: Tensor, lengths: Tensor, room: Tensor, uniform: Tensor, ends: Tensor,
                  cos: Tensor, sin: Tensor) -> Tuple[Tensor, Tensor]:
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
                x = self.hidden(w, sizes, eps, prompts.view([-1]), time, cos[:time].repeat([prompts.size(0), 1, 1]),
                    sin[:time].repeat([prompts.size(0), 1, 1]), keys, values, slots, mask, source)
                logits = self.linear(torch.index_select(x, 0, last), w[2])
                logits = torch.index_select(logits, 0, source)
                origin = torch.arange(rows, device=lengths.device)
                tokens = lengths.new_zeros([steps, rows])
                chosen = uniform.new_zeros([steps, rows])
                done = torch.le(room, 0)
                t = 0
                active = rows
                while active > 0:
                  token, logp = self.drawn(logits, temperature, k, mass, uniform[:, t : t + 1])
                  tokens[t].index_copy_(0, origin, token.squeeze(1))
                  chosen[t].index_copy_(0, origin, logp.squeeze(1))
                  t = t + 1
                  done = done | torch.any(torch.eq(token, ends), 1) | torch.le(room, t)
                  active = done.size(0) - int(torch.sum(done))
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
                    position = lengths + (t - 1)
                    slot = slots - t
                    mask[:, :, :, slot] = 0.
                    x = self.hidden(w, sizes, eps, token.squeeze(1), 1, cos[position], sin[position], keys, values, slot,
                        mask[:, :, :, LANES * (slot // LANES) :], source)
                    logits = self.linear(x, w[2])
                return (tokens, chosen)
            """.replace("LANES", Integer.toString(LANES)).replace("BLOCK", "256");

    private final ModelConfig config;
    private final PtSymbolBlock script;
    private final boolean byOneDnn;

    /**
     * The script on the manager's device; it lives as long as the manager.
     *
     * @param oneDnn whether oneDNN multiplies matrices in fp32, which is faster than MKL on some processors; see {@link CpuKernels}
     * @throws BadInput if the engine has no oneDNN
     */
    FastDecode(ModelConfig config, boolean oneDnn, NDManager manager) {
        this.config = config;
        byOneDnn = oneDnn;
        String call = oneDnn ? "ops.mkldnn._linear_pointwise(x, w, %s, \"none\", [], \"\")" : "torch.linear(x, w, %s)";
        try {
            script = TorchScript.load("FastDecode", SOURCE.replace("LINEAR", call.formatted("None"))
                    .replace("AFFINE", call.formatted("bias")), manager);
        } catch (EngineException e) {
            throw oneDnn ? new BadInput("sampling by oneDNN: this engine has none; sample by MKL, or on another platform", e) : e;
        }
    }

    /** Returns whether oneDNN multiplies matrices, not MKL. */
    boolean byOneDnn() {
        return byOneDnn;
    }

    /**
     * The sampled tokens; values after the end of a row are undefined.
     *
     * @param tokens {@code [N, R]}
     * @param logProbs of these tokens {@code [N, R]}
     */
    public record Drawn(long[] tokens, float[] logProbs) {}

    /**
     * Samples a row for each entry of {@code source}. Rows beyond it pad the last block.
     *
     * @param prompts different prompts
     * @param source the prompt of each row
     * @param room the most new tokens of each row
     * @param uniform numbers in [0, 1), a row of at least {@code room} each
     * @param temperature 0 for greedy
     * @param topK draw from so many tokens; 0 for all
     * @param topP draw from the tokens that hold this share of the probability; 1 for all
     */
    public Drawn sample(Policy policy, List<int[]> prompts, int[] source, int[] room, float[][] uniform, double temperature, int topK,
            double topP) {
        NDManager manager = policy.weights().embedding().getManager();
        int rows = padded(source.length);
        int time = padded(prompts.stream().mapToInt(p -> p.length).max().orElseThrow());
        int steps = Arrays.stream(room).max().orElseThrow();
        long[] tokens = new long[prompts.size() * time];
        long[] last = new long[padded(prompts.size())];
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            for (int j = 0; j < prompt.length; j++) {
                tokens[i * time + j] = prompt[j];
            }
            last[i] = (long) i * time + prompt.length - 1;
        }
        long[] sources = new long[rows];
        long[] lengths = new long[rows];
        long[] rooms = new long[rows];
        float[] numbers = new float[rows * steps];
        for (int i = 0; i < source.length; i++) {
            sources[i] = source[i];
            rooms[i] = room[i];
            System.arraycopy(uniform[i], 0, numbers, i * steps, room[i]);
        }
        for (int i = 0; i < rows; i++) {
            lengths[i] = prompts.get((int) sources[i]).length;
        }
        Drawn[] drawn = new Drawn[1];
        Scopes.run(() -> {
            Rotary rotary = Rotary.table(config, time + steps, manager);
            List<Integer> ending = policy.config().eosTokens(); // with further stop tokens
            long[] ends = ending.isEmpty() ? new long[] {-1} : ending.stream().mapToLong(t -> t).toArray();
            NDArray[] given = {manager.create(tokens, new Shape(prompts.size(), time)), manager.create(last), manager.create(sources),
                manager.create(lengths), manager.create(rooms), manager.create(numbers, new Shape(rows, steps)), manager.create(ends),
                rotary.cos(), rotary.sin()};
            List<IValue> arguments = new ArrayList<>(List.of(IValue.listFrom(arrays(policy, manager)),
                    IValue.listFrom(config.heads(), config.kvHeads(), config.headDim(), (long) config.layers(),
                            JniUtils.getNumThreads()),
                    IValue.from(config.rmsNormEps()), IValue.from(temperature), IValue.from((long) topK), IValue.from(topP)));
            Stream.of(given).map(array -> IValue.from((PtNDArray) array)).forEach(arguments::add);
            try (IValue result = IValueUtils.runMethod(script, "sample", arguments.toArray(new IValue[0]))) {
                var both = result.toNDList((PtNDManager) manager);
                drawn[0] = new Drawn(both.get(0).toLongArray(), both.get(1).toFloatArray());
                both.forEach(NDArray::close);
            } finally {
                arguments.forEach(IValue::close);
            }
        });
        return drawn[0];
    }

    /** How many columns {@link Drawn} has for so many rows. */
    public static int padded(int count) {
        return (count + LANES - 1) / LANES * LANES;
    }

    private PtNDArray[] arrays(Policy policy, NDManager manager) {
        Weights weights = policy.weights();
        NDArray none = manager.create(new Shape(0));
        List<NDArray> all = new ArrayList<>(List.of(weights.embedding(), weights.finalNorm(), weights.output()));
        for (int i = 0; i < weights.layers().size(); i++) {
            Weights.Layer l = weights.layer(i);
            Stream.of(l.attentionNorm(), l.qkv(), l.qkvBias(), l.queryNorm(), l.keyNorm(), l.attentionOut(), l.feedForwardNorm(),
                    l.gateUp(), l.down()).forEach(array -> all.add(array == null ? none : array));
            all.addAll(adapters(policy, i, none));
        }
        return all.toArray(new PtNDArray[0]);
    }

    /** The adapters of a layer: two matrices for each of its four projections, in the precision of the policy. */
    private List<NDArray> adapters(Policy policy, int layer, NDArray none) {
        Lora lora = policy.lora();
        if (lora == null) {
            return Collections.nCopies(8, none);
        }
        long query = (long) config.heads() * config.headDim();
        long key = (long) config.kvHeads() * config.headDim();
        long wide = config.intermediateSize();
        List<Long> hidden = List.of((long) config.hiddenSize());
        return Stream.of(lora.sideBySide(layer, "self_attn", List.of("q_proj", "k_proj", "v_proj"), List.of(query, key, key), none),
                lora.sideBySide(layer, "self_attn", List.of("o_proj"), hidden, none),
                lora.sideBySide(layer, "mlp", List.of("gate_proj", "up_proj"), List.of(wide, wide), none),
                lora.sideBySide(layer, "mlp", List.of("down_proj"), hidden, none)).flatMap(List::stream).map(policy::narrow).toList();
    }
}
